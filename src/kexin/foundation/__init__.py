"""Floor 0: the words every other floor speaks. No business, no models."""
