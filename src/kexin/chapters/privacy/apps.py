"""Django's name for this room, where it signs for what it holds, and its long work."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "kexin.chapters.privacy"
    label = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.chapters.privacy import holdings, queries
        from kexin.foundation import tasks

        holdings.register()
        tasks.register(kind="erasures", mine=queries.tasks)
