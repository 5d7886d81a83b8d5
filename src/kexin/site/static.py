"""Static files by content hash: served for ever, because a change gives another name."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Manifest(CompressedManifestStaticFilesStorage):
    """Whitenoise's manifest; before `collectstatic` ran (tests without a build) a name stands for itself."""

    manifest_strict = False
    # Vendored style sheets may name source maps that are not shipped.
    support_js_module_import_aggregation = False

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name
