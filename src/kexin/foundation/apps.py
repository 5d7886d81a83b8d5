"""Django's name for this room (templates, static files and translations live here; there are no models)."""

from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "kexin.foundation"
    label = "foundation"
