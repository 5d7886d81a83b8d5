"""Where the house's source is, and the small readings that several tests share."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "kexin"
SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"

#: Every room by its import name, lowest floor first.
ROOMS = (
    "kexin.foundation",
    "kexin.evidence",
    "kexin.people",
    "kexin.regime",
    "kexin.vault",
    "kexin.chapters.collection",
    "kexin.chapters.crm",
    "kexin.chapters.privacy",
    "kexin.chapters.security",
    "kexin.chapters.compliance",
    "kexin.site",
)


def room_of(module: str) -> str | None:
    """The room in which a module stands."""
    return next((room for room in ROOMS if module == room or module.startswith(f"{room}.")), None)


def modules(*, tests: bool = False, migrations: bool = False) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file of the product, parsed."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).parts
        if ("tests" in parts and not tests) or ("migrations" in parts and not migrations):
            continue
        yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def templates() -> Iterator[tuple[Path, str]]:
    """Every template of the product."""
    for path in sorted(SOURCE.rglob("*.html")):
        yield path, path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    """A path as people read it."""
    return str(path.relative_to(ROOT))


def floor(room: str) -> int:
    """Chapters stand side by side; everything else in the order of ROOMS."""
    return 5 if ".chapters." in room else 6 if room == "kexin.site" else ROOMS.index(room)
