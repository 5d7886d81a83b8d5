"""Django's name for this room, and its long work."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "kexin.chapters.compliance"
    label = "compliance"

    def ready(self) -> None:
        from kexin.chapters.compliance import queries
        from kexin.foundation import tasks

        tasks.register(kind="impacts", mine=queries.tasks)
