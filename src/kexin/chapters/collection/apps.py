"""Django's name for this room, where it signs for what it holds, and its long work."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    name = "kexin.chapters.collection"
    label = "collection"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kexin.chapters.collection import holdings, queries
        from kexin.chapters.collection.operations import impact
        from kexin.foundation import tasks
        from kexin.regime import operations as regime

        holdings.register()
        tasks.register(kind="imports", mine=queries.tasks)
        regime.register_affected("collection.imports", impact.affected_by)
