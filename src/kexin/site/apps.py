"""Django's name for this room."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kexin.site"
    label = "site"
