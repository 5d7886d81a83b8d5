"""Django's name for this room."""

from django.apps import AppConfig


class RegimeConfig(AppConfig):
    name = "kexin.regime"
    label = "regime"
