"""From labelled explanations to global ones: what a network sees in a class (METHOD 4). Neither torch nor widgets."""
