"""A rulebook in plain sentences of the reader's language: codes, durations, conditions, and each kind of entry."""
