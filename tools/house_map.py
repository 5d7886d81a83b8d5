"""Writes docs/MAP.md: floors, rooms, doors and their verbs with the first line of each docstring.

`python tools/house_map.py` writes it; a house test fails when it no longer tells the truth.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kexin"
MAP = ROOT / "docs" / "MAP.md"
FLOORS = (
    (7, "site"), (6, "chapters/collection"), (6, "chapters/crm"), (6, "chapters/privacy"), (6, "chapters/security"), (6, "chapters/compliance"),
    (4, "vault"), (3, "regime"), (2, "people"), (1, "evidence"), (0, "foundation"),
)  # fmt: skip
DOORS = ("operations", "queries", "holdings")
HEAD = """# The house

Generated from the source by `make docs`; `tests/house` fails when it is not true. Imports go down, never up, and enter
a room through its doors alone: `operations` (verbs), `queries` (questions), `types` (answers), `holdings`.
"""


def first_line(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> str:
    """The first sentence of a docstring, on one line."""
    text = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
    return text.split(". ")[0].rstrip(".")


def door_files(room: Path, door: str) -> list[Path]:
    """A door is a module or a package of that name."""
    if (room / f"{door}.py").exists():
        return [room / f"{door}.py"]
    return sorted((room / door).glob("*.py")) if (room / door).is_dir() else []


def exported(room: Path, door: str) -> set[str] | None:
    """Names that a package offers (its __init__ imports them); None for a plain module."""
    package = room / door / "__init__.py"
    if not package.exists():
        return None
    tree = ast.parse(package.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imported for alias in node.names}


def verbs(room: Path, door: str) -> Iterator[tuple[str, str]]:
    """Public functions of a door and what they do."""
    offered = exported(room, door)
    for path in door_files(room, door):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if offered is None or node.name in offered or path.name == "__init__.py":
                yield node.name, first_line(node)


def text() -> str:
    """The whole map."""
    parts = [HEAD]
    for floor, name in FLOORS:
        room = SOURCE / name
        purpose = first_line(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
        parts.append(f"\n## {floor} · {name}\n\n{purpose}.\n")
        for door in DOORS:
            rows = sorted(verbs(room, door))
            if rows:
                parts.append(f"\n**{door}**\n\n" + "\n".join(f"- `{verb}`: {does}" for verb, does in rows) + "\n")
    return "".join(parts)


def main() -> None:
    """Write the map."""
    MAP.write_text(text(), encoding="utf-8")
    print(MAP.relative_to(ROOT))


if __name__ == "__main__":
    main()
