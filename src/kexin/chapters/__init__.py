"""Floors 5 and 6: one folder per chapter of the regime, all alike inside."""
