"""Django's name for the ledger."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "kexin.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
