"""Other ways to look at a network, to compare with and to check by; knows torch."""
