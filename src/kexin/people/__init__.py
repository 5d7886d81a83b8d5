"""Floor 2: who works here, what they may be, and how they prove it."""
