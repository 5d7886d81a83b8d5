"""Django's name for this room."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "kexin.chapters.compliance"
    label = "compliance"
