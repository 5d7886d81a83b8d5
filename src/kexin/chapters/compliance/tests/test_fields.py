"""The forms of a draft: complete against format 1, and what nobody touched stays as it was written."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexin.chapters.compliance.fields import SECTIONS, condition, entry_from, entry_of, raw_of, value_of
from kexin.chapters.compliance.fields.reading import Raw
from kexin.chapters.compliance.fields.spec import Section
from kexin.chapters.compliance.placing import places
from kexin.chapters.compliance.words import codes, entries
from kexin.regime.rulebook import editing, parse
from kexin.regime.rulebook import format as f
from kexin.regime.rulebook.editing import at, plain, put, same
from kexin.regime.rulebook.parser import SECTIONS as PARSED
from kexin.regime.types import Action, Basis, Effect, ObligationKind, Relation

pytestmark = pytest.mark.no_db

RETAIL = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
TREE = plain(RETAIL)
FORMATS = {
    "attributes": f.ATTRIBUTE, "purposes": f.PURPOSE, "roles": f.ROLE, "rules": f.RULE, "retention": f.RETENTION,
    "recipients": f.RECIPIENT, "pias": f.PIA, "training": f.TRAINING, "controls": f.CONTROLS, "profile": f.PROFILE,
}  # fmt: skip


def every_entry() -> list[tuple[Section, tuple[Any, ...]]]:
    found: list[tuple[Section, tuple[Any, ...]]] = []
    for section in SECTIONS.values():
        value = TREE.get(section.key)
        if section.single:
            found.append((section, (section.key,)))
        elif isinstance(value, tuple):
            found += [(section, (section.key, one["id"])) for one in value]
        else:
            found += [(section, (section.key, key)) for key in value]
    return found


ENTRIES = every_entry()


def as_sent(raw: Raw) -> Raw:
    """What a browser sends of a form that nobody touched: every input, line breaks its way, unticked boxes not at all."""
    return {name: tuple(text.replace("\n", "\r\n") for text in texts) for name, texts in raw.items() if texts}


def test_every_part_of_the_format_has_its_form() -> None:
    assert set(SECTIONS) == set(PARSED) - {"rulebook"}
    for key, known in FORMATS.items():
        told = {one.key.partition(".")[0] for one in SECTIONS[key].fields}
        covered_elsewhere = {"retention"} if key == "attributes" else {"id"} if key == "rules" else set()
        assert told | covered_elsewhere == set(known), key


def test_every_closed_code_has_words() -> None:
    for table, known in (
        (codes.ACTIONS, [one.value for one in Action]), (codes.BASES, [one.value for one in Basis]),
        (codes.RELATIONS, [one.value for one in Relation]), (codes.DUTIES, [one.value for one in ObligationKind]),
        (codes.EFFECTS, [one.value for one in Effect]), (codes.STARTS, f.STARTS), (codes.ENDINGS, f.ENDINGS),
        (codes.SEARCHES, f.SEARCHES), (codes.CHANNELS, f.CHANNELS), (codes.CONSENTS, f.CONSENT_KINDS),
        (codes.SUBJECTS, f.SUBJECT_KINDS), (entries.CONTROLS, f.CONTROLS),
    ):  # fmt: skip
        assert set(table) == set(known)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=lambda one: one.key)
def test_an_entry_that_nobody_touched_is_the_same(section: Section) -> None:
    for _section, path in [one for one in ENTRIES if one[0] is section]:
        value = at(TREE, path)
        before = entry_of(section, value)
        after = entry_from(section, before, as_sent(raw_of(section, before)))
        assert same(value_of(section, after), value_of(section, before)), path
    assert put(RETAIL, path, value_of(section, after) if not isinstance(value, str) or section.scalar else value) == RETAIL


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_touching_one_field_leaves_the_others(data: Any) -> None:
    """A form comes back with one field as it stands in another entry; the rest of the entry is byte for byte the same."""
    section, path = data.draw(st.sampled_from(ENTRIES))
    _other, elsewhere = data.draw(st.sampled_from([one for one in ENTRIES if one[0] is section]))
    field = data.draw(st.sampled_from(section.fields))
    before, donor = entry_of(section, at(TREE, path)), entry_of(section, at(TREE, elsewhere))
    mine, theirs = raw_of(section, before), raw_of(section, donor)
    keys = (field.key, "retention") if field.kind == "needs" else (field.key,)
    belongs = lambda name: any(name == key or name.startswith(f"{key}.") for key in keys)
    posted = {name: texts for name, texts in mine.items() if not belongs(name)} | {name: texts for name, texts in theirs.items() if belongs(name)}
    after = entry_from(section, before, as_sent(posted))
    assert raw_of(section, after).keys() == posted.keys() or field.kind in ("when", "duties", "needs")
    touched = {key.partition(".")[0] for key in keys}
    assert same({k: v for k, v in after.items() if k not in touched}, {k: v for k, v in before.items() if k not in touched})
    text = put(RETAIL, path, value_of(section, after))
    assert same(at(plain(text), path), value_of(section, after) if after != before else at(plain(text), path))


@pytest.mark.parametrize("section", [one for one in SECTIONS.values() if one.grows], ids=lambda one: one.key)
def test_a_new_entry_says_what_the_form_said(section: Section) -> None:
    """Every entry of the shipped rulebook, typed in anew under another name: the parser reads the same thing."""
    for _section, path in [one for one in ENTRIES if one[0] is section][:12]:
        value = at(TREE, path)
        record = entry_from(section, {}, as_sent(raw_of(section, entry_of(section, value))))
        fresh = f"{path[1]}-again" if section.key == "rules" else f"{path[1]}_again"
        text = put(RETAIL, (section.key, fresh), {"id": fresh, **record} if section.key == "rules" else value_of(section, record))
        first, second = parse(RETAIL).rulebook, parse(text).rulebook
        if section.key == "retention":
            continue  # classes are looked up by name; the parser read it
        old, new = (_entry(book, section.key, key) for book, key in ((first, path[1]), (second, fresh)))
        assert _bare(old) == _bare(new), path


def _entry(book: Any, section: str, key: str) -> Any:
    return next(rule for rule in book.rules if rule.id == key) if section == "rules" else getattr(book, section)[key]


def _bare(entry: Any) -> Any:
    import dataclasses

    if not dataclasses.is_dataclass(entry):
        return entry
    return {k: v for k, v in ((one.name, getattr(entry, one.name)) for one in dataclasses.fields(entry)) if k not in ("key", "id", "order")}


CONDITIONS = [
    {"granted": ("owner",)},
    {"not": {"granted": ("owner", "team")}},
    {"all": ({"in": ("subject.age_status", ("minor", "under14"))}, {"not": {"granted": ("minor_approval",)}})},
    {"any": ({"eq": ("subject.kind", "organisation")}, {"has_consent": ("$purpose", "$channel")})},
    {"not": {"eq": ("subject.kind", "organisation")}},
    {"eq": ("subject.unproven", False)},
    {"state_is": ("frozen",)},
    {"not": {"state_is": ("frozen", "erasing")}},
    {"in": ("facet.city", ("杭州市",))},
    {"all": ({"granted": ("owner",)}, {"granted": ("team",)})},
    {"any": ()},
    {"is_set": "subject.contact_at"},
    {"lt": ("subject.contact_at", "2026-01-01T00:00:00+08:00")},
    {"all": ({"any": ({"granted": ("owner",)}, {"granted": ("task",)})}, {"eq": ("subject.unproven", True)})},
    None,
]


@pytest.mark.parametrize("when", CONDITIONS, ids=str)
def test_a_condition_comes_back_as_it_went_out(when: Any) -> None:
    raw = condition.raw_of("when", when)
    back = condition.plain_of("when", raw)
    assert same(back, when)
    assert condition.raw_of("when", back) == raw


def test_what_is_no_condition_stays_text_and_is_named() -> None:
    back = condition.plain_of("when", {"when.join": ("text",), "when.text": ("{granted: [owner",)})
    assert back == "{granted: [owner"
    assert condition.plain_of("when", {"when.join": ("text",), "when.text": ("{granted: [owner]}\nrules: []",)}) != {"granted": ("owner",)}


def test_everything_of_a_rulebook_has_its_place_once() -> None:
    book = parse(RETAIL).rulebook
    found = places(book)
    expected = {
        (section, str(key))
        for section in ("grades", "categories", "sections", "purposes", "roles", "attributes", "recipients", "pias", "training", "sharing", "reviews", "sentences")
        for key in getattr(book, section)
    } | {("rules", rule.id) for rule in book.rules} | {("controls", key) for key in f.CONTROLS} | {("company", ""), ("profile", "")}  # fmt: skip
    assert set(found) == expected
    assert set(found.values()) >= set(range(10))
    assert editing.plain(RETAIL)["retention"]
