"""Django's name for this room, and its long work."""

from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "kexin.chapters.security"
    label = "security"

    def ready(self) -> None:
        from kexin.chapters.security import queries
        from kexin.foundation import tasks

        tasks.register(kind="verifications", mine=queries.tasks)
