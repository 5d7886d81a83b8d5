"""Translations: `compile` makes .mo files from .po by Babel (no msgfmt needed), `missing` lists sentences without English,
`extract` prints the catalogue entries that a room's .po still needs.

Sentences are written in Chinese in code and templates; `<room>/locale/en/LC_MESSAGES/django.po` holds the English.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kexin"
#: The functions of Django that mark a sentence; the number is the argument that holds it.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None, "_lazy": None, "noop": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(?P<kind>n?p?)gettext\((?P<first>{_TEXT})(?:, (?P<second>{_TEXT}))?")
CHINESE = re.compile(r"[\u3400-\u9fff]")


def catalogues() -> list[Path]:
    return sorted(SOURCE.glob("**/locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return pofile.read_po(file, abort_invalid=True)


def compile_all() -> None:
    """One .mo beside each .po that changed."""
    for path in catalogues():
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        with target.open("wb") as file:
            mofile.write_mo(file, read(path))


def room_of(path: Path) -> Path:
    """The folder whose locale/ holds the translations of that file."""
    parts = path.relative_to(SOURCE).parts
    depth = 2 if parts[0] == "chapters" else 1
    return SOURCE.joinpath(*parts[:depth])


def sentences() -> Iterator[tuple[Path, int, str]]:
    """Every marked sentence: file, line, text (for plurals the singular)."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    for path in sorted(SOURCE.glob("**/*")):
        if path.suffix not in (".py", ".html", ".txt") or "tests" in path.parts or "static" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            if "{%" in text:
                yield from ((path, line, said) for line, said in _of_template(templatize(text, origin=str(path))))
            continue
        for line, message, _comments, _context in extract("python", io.BytesIO(text.encode()), KEYWORDS):
            yield path, line, message if isinstance(message, str) else message[0]




def _of_template(text: str) -> Iterator[tuple[int, str]]:
    """templatize turns a template's sentences into calls among noise that is not Python: read the calls alone."""
    for found in CALL.finditer(text):
        # With a context the sentence is the second argument.
        literal = found["second"] if "p" in found["kind"] and found["second"] else found["first"]
        yield text.count("\n", 0, found.start()) + 1, ast.literal_eval(literal)


def translated() -> set[str]:
    """Sentences that some room's English catalogue translates. Django merges the catalogues of all rooms."""
    known = set()
    for path in catalogues():
        for message in read(path):
            text = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string if isinstance(message.string, str) else "".join(message.string)
            if text and said and not message.fuzzy:
                known.add(text)
    return known


def missing() -> dict[Path, list[tuple[int, str]]]:
    """file -> (line, sentence) of those without an English translation."""
    known = translated()
    found: dict[Path, list[tuple[int, str]]] = defaultdict(list)
    for path, line, text in sentences():
        if CHINESE.search(text) and text not in known:
            found[path].append((line, text))
    return found


def entries() -> dict[Path, list[str]]:
    """room -> .po entries to be filled in."""
    rooms: dict[Path, list[str]] = defaultdict(list)
    for path, rows in missing().items():
        for _line, text in rows:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            entry = f'msgid "{quoted}"\nmsgstr ""\n'
            if entry not in rooms[room_of(path)]:
                rooms[room_of(path)].append(entry)
    return rooms


def main() -> None:
    """compile | missing | extract"""
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb == "compile":
        compile_all()
    elif verb == "missing":
        found = missing()
        for path, rows in found.items():
            for line, text in rows:
                print(f"{path.relative_to(ROOT)}:{line}: no English for {text!r}")
        sys.exit(bool(found))
    elif verb == "extract":
        for room, wanted in entries().items():
            print(f"# {room.relative_to(ROOT)}/locale/en/LC_MESSAGES/django.po\n")
            print("\n".join(wanted))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
