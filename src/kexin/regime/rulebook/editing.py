"""Changing one place in a rulebook's text and no other byte: comments, order, quotes and layout around it stay.

Every change is read again and compared with the same change made to the plain values; where a layout is too clever for
a small cut, the smallest mapping around it is written anew. What is read is always what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.source import decode, read
from kexin.regime.rulebook.writing import NotWritable, flow

#: Where something stands: ("attributes", "mobile", "grade"); rules are named by their id.
Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = Any


class NothingThere(LookupError):
    """The rulebook has nothing at that place."""


@dataclass(slots=True)
class _Piece:
    """One value of the text and where it stands: characters ``start`` to ``end``. ``entries`` of a mapping (key, value)
    or of a list (None, item)."""

    kind: str
    start: int
    end: int
    column: int
    flow: bool
    value: Any = None
    entries: list[tuple[_Piece | None, _Piece]] = field(default_factory=list)

    def find(self, key: str | int) -> int | None:
        """The place of an entry: by key, or by the ``id`` of a list's item."""
        for place, (name, value) in enumerate(self.entries):
            if (name.value if name is not None else value.identity()) == key:
                return place
        return None

    def identity(self) -> Any:
        """The ``id`` of a list's item that is a mapping."""
        return next((value.value for name, value in self.entries if name is not None and name.value == "id"), None)


def plain(data: bytes) -> dict[str | int, Plain]:
    """The whole document as plain values (lists as tuples), in its own order. Raises RulebookInvalid."""
    found: dict[str | int, Plain] = read(data).plain()
    return found


def at(tree: Plain, path: Path) -> Plain:
    """The value at a place of plain values. Raises NothingThere."""
    for step in path:
        if isinstance(tree, Mapping) and step in tree:
            tree = tree[step]
        elif isinstance(tree, tuple) and (found := _item(tree, step)) is not None:
            tree = tree[found]
        else:
            raise NothingThere(".".join(str(one) for one in path))
    return tree


def put(data: bytes, path: Path, value: Plain) -> bytes:
    """The text with ``value`` at that place; what is new comes last among its neighbours. Inside a mapping that is
    there already only what differs is touched. Raises RulebookInvalid for a text that cannot be read, NotWritable."""
    for place, new in _steps(plain(data), path, value):
        data = _changed(data, place, new)
    return data


def drop(data: bytes, path: Path) -> bytes:
    """The text without what stands at that place. Raises NothingThere."""
    at(plain(data), path)
    return _changed(data, path, _GONE)


def carried(base: bytes, mine: bytes, theirs: bytes) -> tuple[bytes, tuple[str, ...]]:
    """``theirs`` with every entry that differs between ``base`` and ``mine``; beside it the entries (dotted) that both
    changed, each in its own way: there ``mine`` stands."""
    before, wanted, other = plain(base), plain(mine), plain(theirs)
    both = []
    for path in _entries(before, wanted):
        old, new, there = (_found(tree, path) for tree in (before, wanted, other))
        if same(old, new) or same(new, there):
            continue
        if not same(old, there):
            both.append(".".join(str(step) for step in path))
        if new is not None:
            theirs = put(theirs, path, new)
        elif there is not None:
            theirs = drop(theirs, path)
    return theirs, tuple(both)


def _found(tree: Plain, path: Path) -> Plain:
    try:
        return at(tree, path)
    except NothingThere:
        return None


def _entries(*trees: Plain) -> tuple[Path, ...]:
    """Every entry of every section, each once: (attributes, mobile), (rules, sales-own); a plain section as a whole."""
    found: dict[Path, None] = {}
    for tree in trees:
        for section, value in tree.items():
            if isinstance(value, Mapping) and value and all(isinstance(one, Mapping) for one in value.values()):
                found.update(dict.fromkeys((section, key) for key in value))
            elif isinstance(value, tuple):
                found.update(dict.fromkeys((section, one["id"]) for one in value if isinstance(one, Mapping) and "id" in one))
            else:
                found[(section,)] = None
    return tuple(found)


_GONE = object()


def _steps(tree: Plain, path: Path, value: Plain) -> Iterator[tuple[Path, Plain]]:
    """The smallest changes that turn what is there into ``value``."""
    try:
        old = at(tree, path)
    except NothingThere:
        yield path, value
        return
    renamed = isinstance(old, Mapping) and isinstance(value, Mapping) and old.get("id") != value.get("id")
    if renamed or not (isinstance(old, Mapping) and isinstance(value, Mapping) and old and value):
        if not same(old, value):
            yield path, value
        return
    for key in old:
        if key not in value:
            yield (*path, key), _GONE
    for key, new in value.items():
        yield from _steps(tree, (*path, key), new)


def same(one: Plain, other: Plain) -> bool:
    """Whether two plain values are the same document: lists and tuples alike, `true` is not 1, order counts in lists."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def _changed(data: bytes, path: Path, value: Plain) -> bytes:
    """One change, read again. The cut is tried where it is smallest, then at each mapping around it."""
    text = decode(data)
    wanted = _with(plain(data), path, value)
    for depth in range(len(path), -1, -1):
        here = path[:depth]
        try:
            new = value if depth == len(path) else at(wanted, here)
        except NothingThere:  # it was the name by which the place is found
            continue
        cut = _cut(text, here, new)
        if cut is not None and _reads_as(cut, wanted):
            return cut.encode()
    whole = (_whole(wanted) + "\n").encode()
    if not same(plain(whole), wanted):
        raise NotWritable("the document does not read back as it was meant")
    return whole


def _reads_as(text: str, wanted: Plain) -> bool:
    try:
        return same(plain(text.encode()), wanted)
    except RulebookInvalid:
        return False


def _with(tree: Plain, path: Path, value: Plain) -> Plain:
    """Plain values with a change made, everything else shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(tree, tuple):
        place = _item(tree, step)
        if place is None:
            return (*tree, value)
        kept = () if value is _GONE and not rest else (_with(tree[place], rest, value),)
        return (*tree[:place], *kept, *tree[place + 1 :])
    tree = dict(tree or {})
    if value is _GONE and not rest:
        del tree[step]
    else:
        missing: Plain = () if step == "rules" and rest else {}
        tree[step] = _with(tree.get(step, missing) if rest else None, rest, value)
    return tree


def _item(items: tuple[Plain, ...], key: str | int) -> int | None:
    return next((place for place, one in enumerate(items) if isinstance(one, Mapping) and one.get("id") == key), None)


def _whole(tree: Plain) -> str:
    """A document written anew: sections, and in them one entry a line."""
    lines = []
    for section, value in tree.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{section}:", *(f"  {flow({key: one})[1:-1]}" for key, one in value.items())]
        elif isinstance(value, tuple) and value:
            lines += [f"{section}:", *(f"  - {flow(one)}" for one in value)]
        else:
            lines.append(f"{section}: {flow(value)}")
    return "\n".join(lines)


# --- cutting --------------------------------------------------------------------------------------------------------


def _cut(text: str, path: Path, value: Plain) -> str | None:
    """The text with the smallest cut at that place; None where it is not clear where to cut."""
    if not path:
        return _whole(value) + "\n"
    piece: _Piece | None = _pieces(text)
    for step in path[:-1]:
        place = piece.find(step) if piece else None
        piece = piece.entries[place][1] if piece and place is not None else None
    if piece is None:
        return None
    place = piece.find(path[-1])
    if value is _GONE:
        return None if place is None else _removed(text, piece, place)
    if place is None:
        return _added(text, piece, path[-1], value)
    return _replaced(text, *piece.entries[place], value)


def _replaced(text: str, key: _Piece | None, old: _Piece, value: Plain) -> str:
    begin = text.index(":", key.end) + 1 if key is not None else old.start
    space = " " if key is not None else ""
    return text[:begin] + space + flow(value) + text[max(old.end, begin) :]


def _added(text: str, into: _Piece, key: str | int, value: Plain) -> str | None:
    entry = flow(value) if into.kind == "list" else flow({key: value})[1:-1]
    if into.kind == "scalar":
        if into.value not in (None, ""):
            return None
        return text[: into.start] + (" " if text[into.start - 1 : into.start] == ":" else "") + "{" + entry + "}" + text[into.end :]
    if into.flow:
        if not into.entries:
            return text[: into.start + 1] + entry + text[into.end - 1 :]
        end = into.entries[-1][1].end
        return text[:end] + ", " + entry + text[end:]
    last = into.entries[-1][1].end
    end = _line_end(text, last)
    newline = "\r\n" if text[end - 2 : end] == "\r\n" else "\n"
    dash = "- " if into.kind == "list" else ""
    gap = "" if text[:end].endswith("\n") else newline
    return text[:end] + gap + " " * into.column + dash + entry + newline + text[end:]


def _removed(text: str, out_of: _Piece, place: int) -> str | None:
    key, value = out_of.entries[place]
    start, last = (key or value).start, len(out_of.entries) - 1
    if len(out_of.entries) == 1:
        empty = "[]" if out_of.kind == "list" else "{}"
        return text[: out_of.start] + empty + text[out_of.end :]
    if out_of.flow:
        if place < last:
            following = out_of.entries[place + 1]
            return text[:start] + text[(following[0] or following[1]).start :]
        return text[: out_of.entries[place - 1][1].end] + text[value.end :]
    begin = text.rfind("\n", 0, start) + 1
    before = text[begin:start]
    if before.strip() not in (("-",) if out_of.kind == "list" else ("",)):
        return None  # the first key of an item stands on the line of its dash
    return text[:begin] + text[_line_end(text, value.end) :]


def _line_end(text: str, at: int) -> int:
    """Behind the line break after a place, with the comment that stands there."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _pieces(text: str) -> _Piece:
    """The text's values with their places. A block ends where its last value ends, not at the next token."""
    root: _Piece | None = None
    stack: list[tuple[_Piece, _Piece | None]] = []
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            piece, _key = stack.pop()
            closing = event.end_mark.index if event.end_mark else piece.start
            piece.end = closing if piece.flow else max([piece.start, *(one.end for _name, one in piece.entries)])
            continue
        if not isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            continue
        piece = _piece(text, event)
        if stack:
            _join(stack, piece)
        else:
            root = piece
        if not isinstance(event, yaml.ScalarEvent):
            stack.append((piece, None))
    assert root is not None  # `plain` has read this text before
    return root


def _piece(text: str, event: Any) -> _Piece:
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    if isinstance(event, yaml.ScalarEvent):
        while end > start and event.style in ("|", ">") and text[end - 1].isspace():
            end -= 1
        quiet = not event.style and event.value in ("", "~", "null")
        number = int(event.value) if not event.style and event.value.isdecimal() else event.value
        return _Piece("scalar", start, end, column, flow=True, value=None if quiet else number)
    kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
    return _Piece(kind, start, end, column, flow=bool(event.flow_style))


def _join(stack: list[tuple[_Piece, _Piece | None]], piece: _Piece) -> None:
    parent, key = stack[-1]
    if parent.kind == "list":
        parent.entries.append((None, piece))
    elif key is None:
        stack[-1] = (parent, piece)
    else:
        parent.entries.append((key, piece))
        stack[-1] = (parent, None)
