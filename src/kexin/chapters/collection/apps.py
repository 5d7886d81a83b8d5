"""Django's name for this room, and where it signs for what it holds."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    name = "kexin.chapters.collection"
    label = "collection"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.chapters.collection import holdings

        holdings.register()
