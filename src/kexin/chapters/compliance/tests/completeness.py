"""What a formal document has to say, read off the YAML alone, and which of it a text does not say.

The walk is generic: every leaf of the file becomes a claim or is named in `UNSPOKEN`; a new field of the format that
nobody thought of makes the walk fail, it is not left out quietly. Words of closed codes come from `words`, periods,
labels and their places from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kexin.chapters.compliance.rules.document import controls, words
from kexin.regime.semantic import registry
from kexin.regime.types import Action, Basis, ObligationKind

PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
#: Leaves that are said by something else: the number of the format, switches that are a sentence of 总则, what a rule
#: says as a whole (its sentence is tested beside), and the place of a rule among the chapters.
UNSPOKEN = {
    "rulebook", "profile.*", "purposes.*.accessory", "purposes.*.prohibited", "purposes.*.necessary", "purposes.*.retention",
    "attributes.*.collect", "attributes.*.sensitive", "attributes.*.careful", "attributes.*.personal", "attributes.*.required",
    "attributes.*.display", "rules.*.when", "rules.*.chapter", "rules.*.grade_min", "rules.*.grade_max", "rules.*.show", "rules.*.effect",
    "roles.*.permissions", "recipients.*.country", "retention.*", "roles.*.apart_from", "roles.*.small_apart_from",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """``line`` texts that stand together in one paragraph, of a row that has every one of ``row`` as a paragraph of its
    own (none: anywhere). ``path`` is where the YAML says it."""

    path: str
    line: tuple[str, ...]
    row: tuple[str, ...] = ()


def absent(lines: Iterable[str], claims: Iterable[Claim]) -> list[str]:
    """The paths of the claims that no line of the document answers. A row is one line, its paragraphs parted by \\n."""
    rows = [frozenset(line.split("\n")) for line in lines]
    homes: dict[str, list[frozenset[str]]] = {}
    for row in rows:
        for paragraph in row:
            homes.setdefault(paragraph, []).append(row)
    return [claim.path for claim in claims if not _answered(claim, homes)]


def _answered(claim: Claim, homes: Mapping[str, list[frozenset[str]]]) -> bool:
    if not claim.row:
        return any(all(text in paragraph for text in claim.line) for paragraph in homes)
    found = [row for row in homes.get(claim.row[0], ()) if row >= set(claim.row)]
    return any(all(text in paragraph for text in claim.line) for row in found for paragraph in row)


def claims(source: bytes) -> list[Claim]:
    """Everything that a document made from this YAML must say."""
    book = yaml.safe_load(source)
    return list(dict.fromkeys((*_Walk(book).all(), *_periods(book))))


def period(duration: str) -> str:
    """P3Y as the document says it; none is 即行."""
    match = PERIOD.fullmatch(duration)
    assert match, duration
    units = ("年", "个月", "日", "小时", "分钟", "秒")
    return "".join(f"{int(part)}{unit}" for part, unit in zip(match.groups(), units, strict=True) if int(part or 0)) or "即行"


def chinese(text: str) -> str:
    """A text without the stop at its end, which the sentence around it sets."""
    return text.strip().rstrip("。；;")


class _Walk:
    """One walk over one YAML."""

    def __init__(self, book: dict[str, Any]) -> None:
        self.book = book

    def all(self) -> Iterator[Claim]:
        for section, content in self.book.items():
            entries = content if isinstance(content, dict) else {one["id"]: one for one in content} if isinstance(content, list) else {}
            if section in ROWS:
                for key, entry in entries.items():
                    row = ROWS[section](key, entry)
                    yield Claim(f"{section}.{key}", (row[0],), row)
                    yield from self._entry(f"{section}.{key}", f"{section}.*", entry, row)
            else:
                yield from self._entry(section, section, content, ())

    def _entry(self, path: str, kind: str, node: Any, row: tuple[str, ...]) -> Iterator[Claim]:
        if isinstance(node, dict) and "zh" in node:
            yield Claim(path, (chinese(node["zh"]),), row)
        elif kind in UNSPOKEN or f"{kind.rpartition('.')[0]}.*" in UNSPOKEN:
            return
        elif isinstance(node, dict) and kind not in LEAVES:
            for key, child in node.items():
                where = f"{kind}.{key}" if f"{kind}.{key}" in LEAVES or f"{kind}.{key}" in UNSPOKEN or kind.count(".") < 2 else f"{kind}.*"
                yield from self._entry(f"{path}.{key}", where, child, row)
        else:
            says = LEAVES.get(kind) or LEAVES.get(f"{kind.rpartition('.')[0]}.*")
            assert says is not None, f"{path}: nobody has said how the document tells a {kind}"
            for text in says(self.book, node):
                yield Claim(f"{path}={text}" if isinstance(node, (list, dict)) else path, (text,), row)


def _label(section: str) -> Callable[[dict[str, Any], Any], list[str]]:
    """References to entries of a section: each stands there by its label."""

    def labels(book: dict[str, Any], node: Any) -> list[str]:
        codes = [node] if isinstance(node, str) else list(node)
        special = {"everyone": "任何岗位和系统服务", "required": "须先完成个人信息保护影响评估"}
        return [special.get(code) or chinese(_named(book[section][code])) for code in codes]

    return labels


def _named(entry: dict[str, Any]) -> str:
    return str(entry["label"]["zh"] if "label" in entry else entry["zh"])


def _coded(table: Mapping[Any, str], kind: Callable[[str], Any] = str) -> Callable[[dict[str, Any], Any], list[str]]:
    """Codes of a closed list."""
    return lambda book, node: [table[kind(code)] for code in ([node] if isinstance(node, str) else node)]


def _same(book: dict[str, Any], node: Any) -> list[str]:
    return [str(node)]


def _duties(book: dict[str, Any], node: Any) -> list[str]:
    said = []
    for duty in node:
        kind, value = next(iter(duty.items())) if isinstance(duty, dict) else (duty, "")
        told = period(value) if kind == "expire" else chinese(_named(book["roles"][value])) if value else ""
        said.append(words.DUTIES[ObligationKind(kind)].format(value=told))
    return said


def _control(book: dict[str, Any], node: Any) -> list[str]:
    if isinstance(node, list):
        return [chinese(_named(book["roles"][code])) for code in node]
    return [period(node) if str(node).startswith("P") else str(node)]


def _day(book: dict[str, Any], node: Any) -> list[str]:
    year, month, day = (int(part) for part in str(node).split("-"))
    return [f"{year}年{month}月{day}日"]


#: Sections whose entries are rows: what the row of an entry has as paragraphs of its own.
ROWS: dict[str, Callable[[str, Any], tuple[str, ...]]] = {
    "purposes": lambda key, entry: (key, chinese(entry["label"]["zh"])),
    "categories": lambda key, entry: (chinese(entry["zh"]),),
    "attributes": lambda key, entry: (key, chinese(entry["label"]["zh"])),
    "roles": lambda key, entry: (chinese(entry["label"]["zh"]), words.ROLE_KINDS[entry.get("kind", "staff")]),
    "rules": lambda key, entry: (key,),
    "recipients": lambda key, entry: (key, entry["name"]),
    "pias": lambda key, entry: (key,),
    "training": lambda key, entry: (key,),
    "controls": lambda key, entry: (controls.CONTROLS[key][1],),
    "reviews": lambda key, entry: (controls.REVIEWS[key][1],),
}
LEAVES: dict[str, Callable[[dict[str, Any], Any], list[str]]] = {
    "company.*": _same,
    "company.officer.*": _same,
    "purposes.*.parent": _label("purposes"),
    "purposes.*.basis": lambda book, node: [words.BASES[Basis(code)] for code in ([node] if isinstance(node, str) else node)],
    "purposes.*.consent": _coded(words.CONSENTS),
    "purposes.*.channel": _coded(words.CHANNELS),
    "purposes.*.consent_valid": lambda book, node: [period(node)],
    "purposes.*.pia": _label("pias"),
    "purposes.*.article": _same,
    "purposes.*.owner": _label("roles"),
    "purposes.*.ends": lambda book, node: [words.STARTS[node["from"]] + "起满" + period(node["after"])],
    "attributes.*.category": _label("categories"),
    "attributes.*.type": lambda book, node: [registry()[node].label["zh"]],
    "attributes.*.grade": lambda book, node: [book["grades"][node]["zh"]],
    "attributes.*.subjects": _coded(words.KINDS),
    "attributes.*.storage": _coded(words.STORAGES),
    "attributes.*.search": _coded(words.SEARCHES),
    "attributes.*.mask": _coded(words.MASKS),
    "attributes.*.section": lambda book, node: [],
    "attributes.*.source": _coded(words.SOURCES),
    "attributes.*.pia": _label("pias"),
    "attributes.*.owner": _label("roles"),
    "attributes.*.article": _same,
    "attributes.*.purposes": lambda book, node: [
        f"{chinese(_named(book['purposes'][key]))}（{words.NEEDS[need]}）" for key, need in node.items()
    ],
    "attributes.*.retention": lambda book, node: [],  # every period, own or the purpose's, is a claim of `_periods`
    "roles.*.kind": _coded(words.ROLE_KINDS),
    "roles.*.purposes": _label("purposes"),
    "rules.*.id": _same,
    "rules.*.roles": _label("roles"),
    "rules.*.purposes": _label("purposes"),
    "rules.*.actions": _coded(words.ACTIONS, Action),
    "rules.*.attributes": _label("attributes"),
    "rules.*.categories": _label("categories"),
    "rules.*.subjects": _coded(words.KINDS),
    "rules.*.article": _same,
    "rules.*.obligations": _duties,
    "recipients.*.name": _same,
    "recipients.*.kind": _coded(words.RECIPIENTS),
    "recipients.*.contact": _same,
    "recipients.*.purposes": _label("purposes"),
    "recipients.*.attributes": _label("attributes"),
    "recipients.*.contract": _same,
    "recipients.*.valid_until": _day,
    "recipients.*.article": _same,
    "pias.*.scenario": _coded(words.SCENARIOS),
    "pias.*.purposes": _label("purposes"),
    "pias.*.attributes": _label("attributes"),
    "pias.*.risk": _coded(words.RISKS),
    "pias.*.status": _coded(words.PIA_STATUS),
    "training.*.roles": _label("roles"),
    "training.*.grade_min": lambda book, node: [f"{node}级"],
    "training.*.valid": lambda book, node: [period(node)],
    "training.*.grace": lambda book, node: [period(node) if period(node) != "即行" else "无"],
    "controls.*": _control,
    "reviews.*": lambda book, node: [f"每{period(node)}至少一次"],
}


def _periods(book: dict[str, Any]) -> Iterator[Claim]:
    """Every period of every collected item: its own, or that of its purpose; those of the accessory purposes, which
    every item has, are said once for all where the item keeps no other."""
    accessory = {key: one["retention"] for key, one in book["purposes"].items() if one.get("accessory") and "retention" in one}
    for key, item in book["attributes"].items():
        if item.get("collect", True):
            for purpose in item["purposes"]:
                chosen = item.get("retention", {}).get(purpose, book["purposes"][purpose].get("retention"))
                if chosen is not None and purpose not in accessory:
                    label = chinese(_named(book["purposes"][purpose]))
                    row = (key, chinese(_named(item)))
                    yield Claim(f"attributes.{key}.retention.{purpose}", (f"{label}（", *_term(book, chosen)), row)
    for purpose, chosen in accessory.items():
        start, length, end = _term(book, chosen)[:3]
        told = f"{start}{length}{end}" if length == "即行" else f"自{start}起保存{length}，期满{end}"
        yield Claim(f"purposes.{purpose}.retention", (f"{chinese(_named(book['purposes'][purpose]))}（{told}）",))


def _term(book: dict[str, Any], chosen: Any) -> tuple[str, ...]:
    term = book["retention"][chosen] if isinstance(chosen, str) else chosen
    return (words.STARTS[term["from"]], period(term["keep"]), words.ENDINGS[term["then"]], term.get("article", ""))
