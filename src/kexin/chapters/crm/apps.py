"""Django's name for this room, and where it signs for what it holds."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "kexin.chapters.crm"
    label = "crm"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.chapters.crm import holdings

        holdings.register()
