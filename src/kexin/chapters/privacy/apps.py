"""Django's name for this room, and where it signs for what it holds."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "kexin.chapters.privacy"
    label = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.chapters.privacy import holdings

        holdings.register()
