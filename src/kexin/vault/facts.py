"""The map from facts of the rulebook to columns of the vault; regime compiles rules against it."""


def register() -> None:
    """Tell regime which columns stand for which facts of a subject."""
