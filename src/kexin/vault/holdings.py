"""What the vault itself holds on a person, and how it lets go of it."""


def register() -> None:
    """Announce the vault's holdings and its impersonal tables."""
