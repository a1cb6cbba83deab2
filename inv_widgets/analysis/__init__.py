"""From a picture and a network to an explanation (needs torch)."""
