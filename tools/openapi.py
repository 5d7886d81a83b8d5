"""Writes docs/openapi.json: the API as the code has it. A house test fails when the file no longer tells the truth."""

from __future__ import annotations

import json
import os
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def text() -> str:
    """The document as it is committed. Django must be set up."""
    from kexin.site.api import api

    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Set Django up over an empty installation of its own and write the file."""
    from kexin.site import testing

    testing.enter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
    import django

    django.setup()
    DOCUMENT.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
