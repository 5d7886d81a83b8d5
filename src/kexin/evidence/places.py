"""Where the outside keepers are: settings of this installation, read from the environment."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from kexin.evidence.keys import ring
from kexin.evidence.mirror import DirectoryStore, Mirror


def witness_url() -> str:
    """KEXIN_WITNESS_URL, by default the small witness that `kexin run` starts beside the web port. "none" = no witness."""
    given = os.environ.get("KEXIN_WITNESS_URL", "").strip()
    if given == "none":
        return ""
    return given or f"http://127.0.0.1:{int(settings.PORT) + 1}"


def mirror_folder() -> Path:
    """KEXIN_MIRROR, by default a folder of this installation. For real independence: another disk or host."""
    return Path(os.environ.get("KEXIN_MIRROR", "").strip() or Path(settings.INSTANCE.folder) / "mirror")


def witness_folder() -> Path:
    """Where a witness on this machine keeps its key and state."""
    return Path(os.environ.get("KEXIN_WITNESS_HOME", "").strip() or Path(settings.INSTANCE.folder) / "witness")


def mirror() -> Mirror:
    """The mirror of this installation."""
    return Mirror(DirectoryStore(mirror_folder()), ring().origin)
