"""Django's name for this room; announces at start what the vault holds on a person."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "kexin.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.vault import facts, holdings, persons
        from kexin.vault.operations import measuring, rebuilding, switching
        from kexin.vault.queries import counting

        persons.register()
        facts.register()
        holdings.register()
        rebuilding.register()
        switching.register()
        counting.register()
        measuring.register()
