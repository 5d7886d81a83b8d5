"""Django's name for the keyring; its tables live only in the database `keyring`."""

from django.apps import AppConfig


class KeyringConfig(AppConfig):
    name = "kexin.vault.keyring"
    label = "keyring"
    default_auto_field = "django.db.models.BigAutoField"
