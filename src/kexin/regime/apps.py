"""Django's name for this room; registers what it and the floors below hold on a person."""

from django.apps import AppConfig


class RegimeConfig(AppConfig):
    name = "kexin.regime"
    label = "regime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register

        from kexin.evidence import holdings as evidence
        from kexin.people import holdings as people
        from kexin.regime import checks, holdings
        from kexin.regime.operations import consents
        from kexin.regime.register import register_follower, register_holding

        register_holding(*holdings.HOLDINGS, *holdings.IMPERSONAL)
        register_holding(*evidence.IMPERSONAL, *people.HOLDINGS, *people.IMPERSONAL)
        register_follower("regime.consents", consents.follow)
        register(checks.holdings_check)
