"""Finding sealed values without opening them: normal forms, keyed tokens, readings of names, and what they give away."""
