"""Django's name for this room."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    name = "kexin.chapters.collection"
    label = "collection"
    default_auto_field = "django.db.models.BigAutoField"
