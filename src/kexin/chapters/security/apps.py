"""Django's name for this room."""

from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "kexin.chapters.security"
    label = "security"
