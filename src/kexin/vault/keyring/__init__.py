"""The keyring: wrapped keys in a database of their own, whose backups are short-lived."""
