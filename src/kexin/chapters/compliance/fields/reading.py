"""Between an entry's plain values and what a form holds: both ways, and what nobody touched stays as it was written.

A form holds texts alone (name -> texts, as a browser sends them). What comes back is compared with what went out, field
by field: only a field that differs is written, so an edit of one thing never rewrites another in its own style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kexin.chapters.compliance.fields import condition
from kexin.chapters.compliance.fields.spec import Field, Section
from kexin.regime.types import Controls

#: What a form holds: names of inputs -> their texts.
Raw = dict[str, tuple[str, ...]]
Plain = Any
#: A duration of one unit, which a number and a list can show; every other one is shown as it is written.
UNITS = {"D": "P{}D", "W": "P{}W", "M": "P{}M", "Y": "P{}Y", "TH": "PT{}H", "TM": "PT{}M", "TS": "PT{}S"}
_ONE_UNIT = re.compile(r"P(T?)([0-9]{1,7})([DWMYHS])")
AS_WRITTEN, ALL = "=", "all"
_ABSENT = object()


# --- out: plain values to a form ------------------------------------------------------------------------------------


def entry_of(section: Section, value: Plain) -> dict[str | int, Plain]:
    """An entry's value as a record, whatever the file allows it to be: a bare text is Chinese, a bare period a period."""
    if value is None:
        return {}
    if section.scalar:
        return {section.scalar: value}
    if isinstance(value, str):
        return {"zh": value}
    return dict(value) if isinstance(value, Mapping) else {}


def value_of(section: Section, record: Mapping[str | int, Plain]) -> Plain:
    """The record as the file has it."""
    return record.get(section.scalar, "") if section.scalar else dict(record)


def raw_of(section: Section, record: Mapping[str | int, Plain]) -> Raw:
    """Every input of the form with what stands in it."""
    found: Raw = {}
    for field in section.fields:
        found |= _OUT[field.kind](field, _get(record, field.key), record)
    return found


def blank(section: Section) -> Raw:
    """The form of a new entry. Whom, for what and which verbs are listed, never everybody and everything by silence."""
    found = raw_of(section, {})
    return found | {f"{field.key}.{ALL}": ("no",) for field in section.fields if field.kind == "scope" and field.required}


def default_of(field: Field) -> Plain:
    """What an absent key means."""
    return getattr(Controls(), field.key) if field.default == "default" else field.default


def _get(record: Mapping[str | int, Plain], key: str) -> Plain:
    here: Plain = record
    for step in key.split("."):
        if not isinstance(here, Mapping) or step not in here:
            return _ABSENT
        here = here[step]
    return here


def _or_default(field: Field, value: Plain) -> Plain:
    return default_of(field) if value is _ABSENT else value


def _texts(value: Plain) -> tuple[str, ...]:
    """A list, or a single value that counts as a list of one, as texts."""
    if value is None or value is _ABSENT:
        return ()
    return tuple(_text(one) for one in value) if isinstance(value, (list, tuple)) else (_text(value),)


def _text(value: Plain) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def _one_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    found = _or_default(field, value)
    return {field.key: ("" if found is None else _text(found),)}


def _two_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    texts = value if isinstance(value, Mapping) else {"zh": _text(value)} if value is not _ABSENT else {}
    return {f"{field.key}.{language}": (_text(texts.get(language, "")),) for language in ("zh", "en")}


def _flag_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    return {field.key: ("yes",) if _or_default(field, value) is True else ()}


def _many_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    return {field.key: _texts(_or_default(field, value))}


def _scope_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    return {f"{field.key}.{ALL}": ("yes",) if value is _ABSENT else ("no",), field.key: _texts(value)}


def _list_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    return {field.key: (", ".join(_texts(_or_default(field, value))),)}


def _duration_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    text = _text(_or_default(field, value) or "")
    match = _ONE_UNIT.fullmatch(text)
    if match:
        return {f"{field.key}.count": (match[2],), f"{field.key}.unit": (match[1] + match[3],)}
    return {f"{field.key}.count": (text,), f"{field.key}.unit": (AS_WRITTEN,) if text else ("",)}


def _choices_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    lines = []
    for code, text in value.items() if isinstance(value, Mapping) else ():
        two = text if isinstance(text, Mapping) else {"zh": _text(text)}
        english = f" | {two['en']}" if two.get("en") else ""
        lines.append(f"{code} = {two.get('zh', '')}{english}")
    return {field.key: ("\n".join(lines),)}


def _needs_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    found: Raw = {}
    retention = record.get("retention")
    held = retention if isinstance(retention, Mapping) else {}
    for purpose, need in value.items() if isinstance(value, Mapping) else ():
        kept = held.get(purpose, "")
        found[f"{field.key}.{purpose}"] = (_text(need),)
        found[f"retention.{purpose}"] = (kept if isinstance(kept, str) else AS_WRITTEN,)
    return found


def _when_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    return condition.raw_of(field.key, None if value is _ABSENT else value)


def _duties_out(field: Field, value: Plain, record: Mapping[str | int, Plain]) -> Raw:
    found: Raw = {}
    for one in value if isinstance(value, (list, tuple)) else ():
        kind, more = next(iter(one.items())) if isinstance(one, Mapping) and len(one) == 1 else (one, "")
        found[f"{field.key}.{kind}"] = ("yes",)
        found[f"{field.key}.{kind}.value"] = (_text(more),)
    return found


_OUT: dict[str, Callable[[Field, Plain, Mapping[str | int, Plain]], Raw]] = {
    **dict.fromkeys(("line", "words", "number", "choice", "day", "clock"), _one_out),
    **dict.fromkeys(("text2", "words2"), _two_out),
    "flag": _flag_out,
    "codes": _many_out,
    "scope": _scope_out,
    "list": _list_out,
    "duration": _duration_out,
    "choices": _choices_out,
    "needs": _needs_out,
    "when": _when_out,
    "duties": _duties_out,
}


# --- back: a form to plain values -----------------------------------------------------------------------------------


def entry_from(section: Section, before: Mapping[str | int, Plain], posted: Raw) -> dict[str | int, Plain]:
    """The record as it is after the form: fields that came back as they went out keep what stood there. For a new entry
    ``before`` is empty, and every field that says something else than its default is written."""
    record: dict[str | int, Plain] = _copied(before)
    out = raw_of(section, before)
    for field in section.fields:
        here, there = _slice(out, field), _slice(posted, field)
        if _same(here, there) and (before or not field.required):
            continue
        _BACK[field.kind](record, field, there)
    return record


def _copied(value: Plain) -> Plain:
    return {key: _copied(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def _slice(raw: Raw, field: Field) -> Raw:
    """The inputs of one field. An empty text says the same as none."""
    keys = (field.key, "retention") if field.kind == "needs" else (field.key,)
    found = {
        name: tuple(kept) for name, texts in raw.items()
        if any(name == key or name.startswith(f"{key}.") for key in keys) and (kept := [_tidy(text) for text in texts if _tidy(text)])
    }  # fmt: skip
    return condition.said(field.key, found) if field.kind == "when" else found


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _same(one: Raw, other: Raw) -> bool:
    return {name: sorted(texts) for name, texts in one.items()} == {name: sorted(texts) for name, texts in other.items()}


def _put(record: dict[str | int, Plain], key: str, value: Plain) -> None:
    """Set a key, or remove it (``_ABSENT``); a mapping that has become empty goes too."""
    first, _dot, rest = key.partition(".")
    if rest:
        inner = record.get(first)
        inner = dict(inner) if isinstance(inner, Mapping) else {}
        _put(inner, rest, value)
        _put(record, first, inner if inner else _ABSENT)
    elif value is _ABSENT:
        record.pop(first, None)
    else:
        record[first] = value


def _first(raw: Raw, name: str) -> str:
    return next(iter(raw.get(name, ())), "")


def _number(text: str) -> Plain:
    """A whole number; what is none stays text, and the parser says what is expected."""
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,15}", text) else text


def _one_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    text = _first(raw, field.key)
    if not text:
        _put(record, field.key, "" if field.required else _ABSENT)
        return
    number = field.kind == "number" or (isinstance(field.options, str) and field.options.startswith("grades"))
    _put(record, field.key, _number(text) if number else text)


def _two_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    texts = {language: text for language in ("zh", "en") if (text := _first(raw, f"{field.key}.{language}"))}
    if not texts and not field.required:
        _put(record, field.key, _ABSENT)
        return
    _put(record, field.key, {"zh": texts.get("zh", ""), **({"en": texts["en"]} if "en" in texts else {})})


def _flag_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    checked = bool(raw.get(field.key))
    written = field.key in record or checked is not field.default
    _put(record, field.key, checked if written else _ABSENT)


def _ordered(old: Plain, chosen: Iterable[str]) -> tuple[str, ...]:
    """What is kept in its own order, then what is new."""
    wanted = dict.fromkeys(chosen)
    kept = [one for one in _texts(old) if one in wanted]
    return tuple(dict.fromkeys((*kept, *wanted)))


def _many_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    found = _ordered(_get(record, field.key), raw.get(field.key, ()))
    _put(record, field.key, found if found or field.required or _get(record, field.key) is not _ABSENT else _ABSENT)


def _scope_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    everything = _first(raw, f"{field.key}.{ALL}") == "yes"
    _put(record, field.key, _ABSENT if everything else _ordered(_get(record, field.key), raw.get(field.key, ())))


def _list_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    found = tuple(one for part in re.split(r"[,，、\s]+", _first(raw, field.key)) if (one := part.strip()))
    _put(record, field.key, found or _ABSENT)


def duration(raw: Raw, key: str) -> str:
    """A number and a unit as one period; what was written otherwise stays as it is."""
    count, unit = _first(raw, f"{key}.count"), _first(raw, f"{key}.unit")
    return UNITS[unit].format(count) if unit in UNITS and count else count


def _duration_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    text = duration(raw, field.key)
    _put(record, field.key, text if text or field.required else _ABSENT)


def _choices_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    found: dict[str, Plain] = {}
    for line in _first(raw, field.key).split("\n"):
        code, _equals, words = line.partition("=")
        chinese, _bar, english = words.partition("|")
        if code.strip():
            found[code.strip()] = {"zh": chinese.strip(), **({"en": english.strip()} if english.strip() else {})}
    _put(record, field.key, found or _ABSENT)


def _needs_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    start = len(field.key) + 1
    wanted = {name[start:]: _first(raw, name) for name in raw if name.startswith(f"{field.key}.")}
    old = record.get(field.key)
    order = _ordered(tuple(old) if isinstance(old, Mapping) else (), wanted)
    held = record.get("retention")
    before = held if isinstance(held, Mapping) else {}
    kept = {}
    for purpose in order:
        chosen = _first(raw, f"retention.{purpose}")
        if chosen == AS_WRITTEN and purpose in before:
            kept[purpose] = before[purpose]
        elif chosen and chosen != AS_WRITTEN:
            kept[purpose] = chosen
    record[field.key] = {purpose: wanted[purpose] for purpose in order}
    _put(record, "retention", kept or _ABSENT)


def _when_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    found = condition.plain_of(field.key, raw)
    _put(record, field.key, _ABSENT if found is None else found)


def _duties_back(record: dict[str | int, Plain], field: Field, raw: Raw) -> None:
    names = [name.removeprefix(f"{field.key}.") for name in raw if name.startswith(f"{field.key}.") and not name.endswith(".value")]
    old = [next(iter(one)) if isinstance(one, Mapping) else one for one in record.get(field.key) or ()]
    found = []
    for kind in _ordered(tuple(old), names):
        more = _first(raw, f"{field.key}.{kind}.value")
        found.append({kind: more} if more else kind)
    _put(record, field.key, tuple(found) if found or field.key in record else _ABSENT)


_BACK: dict[str, Callable[[dict[str | int, Plain], Field, Raw], None]] = {
    **dict.fromkeys(("line", "words", "number", "choice", "day", "clock"), _one_back),
    **dict.fromkeys(("text2", "words2"), _two_back),
    "flag": _flag_back,
    "codes": _many_back,
    "scope": _scope_back,
    "list": _list_back,
    "duration": _duration_back,
    "choices": _choices_back,
    "needs": _needs_back,
    "when": _when_back,
    "duties": _duties_back,
}
