"""Floor 4: the safe. The only code that ever holds customer information in the clear."""
