"""Django's name for this room."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "kexin.site"
    label = "site"

    def ready(self) -> None:
        """Tell the lower floors what only this one knows."""
        from kexin.site import holdings, navigation

        navigation.wire()
        holdings.register()
