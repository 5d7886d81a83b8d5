"""Rulebooks as files: bad input (reliability.md §6 items 63–65), the shipped rulebook, check and difference."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kexin.regime.rulebook import Finding, RulebookInvalid, parse
from kexin.regime.rulebook.check import check, errors
from kexin.regime.rulebook.diff import difference
from kexin.regime.rulebook.source import read

pytestmark = pytest.mark.no_db


@cache
def retail() -> str:
    return resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")


def edited(old: str, new: str) -> bytes:
    """The retail rulebook with one piece replaced; the piece must be there."""
    assert old in retail(), old
    return retail().replace(old, new, 1).encode()


def refused(data: bytes) -> tuple[Finding, ...]:
    with pytest.raises(RulebookInvalid) as caught:
        parse(data)
    for finding in caught.value.findings:
        assert finding.problem[0] and finding.problem[1] and finding.text("zh") != finding.text("en")
    return caught.value.findings


def checked(data: bytes) -> set[str]:
    return {finding.code for finding in errors(check(parse(data)))}


SOURCES: dict[str, tuple[bytes, str]] = {
    "63-anchor-bomb": (b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchor"),
    "63-python-object": (b"a: !!python/object/apply:os.system ['id']\n", "tag"),
    "63-duplicate-key": (b"a: x\nb: x\na: z\n", "duplicate_key"),
    "63-tab": (b"a:\n\tb: x\n", "syntax"),
    "63-no-as-boolean": (b"a: no\n", "ambiguous"),
    "63-on-as-boolean": (b"a: On\n", "ambiguous"),
    "63-exponent": (b"a: 1e3\n", "ambiguous"),
    "63-octal": (b"a: 08\n", "ambiguous"),
    "63-sexagesimal": (b"a: 12:30\n", "ambiguous"),
    "63-ten-megabytes": (b"a: " + b"x" * 10_000_000, "too_big"),
    "63-depth-10000": (b"a: " + b"[" * 10_000 + b"]" * 10_000, "too_deep"),
    "63-gbk": ("公司: 示例".encode("gbk"), "not_utf8"),
    "63-utf16": ("a: b".encode("utf-16"), "not_utf8"),
    "63-bidi": ("a: x\u202ey\n".encode(), "hidden_character"),
    "63-nul": (b"a: x\x00y\n", "hidden_character"),
    "63-merge": (b"a:\n  <<: {b: x}\n", "merge"),
    "63-two-documents": (b"a: x\n---\nb: y\n", "documents"),
    "63-many-items": (b"a: [" + b"x," * 70_000 + b"]", "too_many"),
    "63-empty": (b"", "empty"),
    "63-list": (b"- a\n", "empty"),
    "63-unclosed": (b"a: {b: x\n", "syntax"),
}


@pytest.mark.bad_input(63)
@pytest.mark.parametrize("name", SOURCES)
def test_hostile_files_are_refused_by_name(name: str) -> None:
    data, code = SOURCES[name]
    finding = refused(data)[0]
    assert finding.code == code
    assert finding.line > 0 or code == "too_big"


@pytest.mark.bad_input(63)
def test_chinese_yes_is_text_and_a_byte_order_mark_is_fine() -> None:
    assert read('\ufeffa: 是\nb: true\nc: 12\nd: "08"\n'.encode()).plain() == {"a": "是", "b": True, "c": 12, "d": "08"}
    assert parse(b"\xef\xbb\xbf" + retail().encode()).rulebook.format == 1


STRUCTURE: dict[str, tuple[str, str, str]] = {
    "64-unknown-key": ("profile: {", "profile: {colour: red, ", "unknown_key"),
    "64-misspelt-key": ("necessary: true, retention: order_3y", "neccessary: true, retention: order_3y", "unknown_key"),
    "64-wrong-type": ("grade: 3, subjects: [person, organisation], required: true", "grade: high, required: true", "range"),
    "64-wildcard": ("roles: [agent], purposes: [service]", "roles: [\"*\"], purposes: [service]", "code"),
    "64-permit-without-roles": ("effect: permit, label: {zh: 审计脱敏抽样, en: Auditors sample masked values}, roles: [auditor, guest_auditor],",
                                "effect: permit, label: {zh: 审计脱敏抽样},", "unbounded"),
    "64-permit-for-everyone": ("roles: [auditor, guest_auditor], purposes: [audit]", "roles: [everyone], purposes: [audit]", "everyone"),
    "64-forbid-of-nothing": ("purposes: [presale], actions: [contact, share, export]", "purposes: [presale], actions: []", "empty_forbid"),
    "64-same-rule-twice": ("id: agent-case", "id: sales-own", "duplicate_rule"),
    "64-unknown-action": ("actions: [aggregate], grade_max: 2", "actions: [agregate], grade_max: 2", "choice"),
    "65-retention-zero": ("keep: P12M, then: erase, article: 个人信息保护法第十九条}", "keep: 0, then: erase}", "duration"),
    "65-retention-negative": ("keep: P12M, then: erase, article: 个人信息保护法第十九条}", "keep: -1, then: erase}", "duration"),
    "65-retention-endless": ("keep: P12M, then: erase, article: 个人信息保护法第十九条}", "keep: P1000000000D, then: erase}", "duration"),
    "65-retention-null": ("keep: P12M, then: erase, article: 个人信息保护法第十九条}", "keep: null, then: erase}", "duration"),
}  # fmt: skip


@pytest.mark.bad_input(64, 65)
@pytest.mark.parametrize("name", STRUCTURE)
def test_wrong_structure_names_line_key_and_remedy(name: str) -> None:
    old, new, code = STRUCTURE[name]
    findings = refused(edited(old, new))
    assert code in {finding.code for finding in findings}
    named = next(finding for finding in findings if finding.code == code)
    assert named.line == retail()[: retail().index(old)].count("\n") + 1 and named.column > 0 and named.key
    assert named.remedy[0] or named.problem[0]


def test_a_misspelt_key_is_told_the_likely_one() -> None:
    finding = refused(edited("necessary: true, retention: order_3y", "neccessary: true, retention: order_3y"))[0]
    assert "necessary" in finding.remedy[1] and finding.key == "purposes.order.neccessary"


@pytest.mark.bad_input(64)
def test_an_empty_allow_list_allows_nobody() -> None:
    """Empty means none, never all: the agent's only full permit on service disappears."""
    book = parse(
        edited(
            "roles: [agent], purposes: [service], actions: [read, search, sort, aggregate, write, contact]",
            "roles: [], purposes: [service], actions: [read, search, sort, aggregate, write, contact]",
        )
    ).rulebook
    assert next(rule for rule in book.rules if rule.id == "agent-case").roles == ()
    change = difference(parse(retail().encode()).rulebook, book)
    assert change.lost and not change.gained


@pytest.mark.bad_input(64)
def test_rule_order_changes_no_answer() -> None:
    """Item 64: swapped rules give the same matrix."""
    text = retail()
    begin, end = text.index("rules:\n") + 7, text.index("\nrecipients:")
    lines = [line for line in text[begin:end].splitlines() if line.startswith("  - ")]
    swapped = text[:begin] + "\n".join(reversed(lines)) + "\n" + text[end:]
    change = difference(parse(text.encode()).rulebook, parse(swapped.encode()).rulebook)
    assert not change.gained and not change.lost


def test_the_shipped_rulebook_is_clean() -> None:
    found = check(parse(retail().encode()))
    assert [finding.text() for finding in found if finding.level != "note"] == []


CHECKS: dict[str, tuple[str, str, str]] = {
    "unknown purpose": ("purposes: {real_name: necessary}}\n  passport_no", "purposes: {real_nane: necessary}}\n  passport_no", "unknown_reference"),
    "unknown type": ("type: cn_mobile", "type: cn_mobil", "unknown_reference"),
    "purpose circle": ("operation: {label", "operation: {parent: presale, label", "cycle"),
    "open facet of grade 3": ("type: choice, grade: 2, storage: facet, display: full, section: profile, choices: {f", "type: choice, grade: 3, storage: facet, display: full, section: profile, choices: {f", "facet"),
    "mask of another type": ("mask: middle4", "mask: district", "mask"),
    "search that the type cannot": ("search: [exact, surname_suffix4]", "search: [ngram]", "search"),
    "unknown relation": ("when: {granted: [open_case]}", "when: {granted: [friend]}", "condition"),
    "regex in a condition": ("when: {granted: [open_case]}", "when: {matches: [subject.kind, \"(a+)+$\"]}", "condition"),
    "recipient of what is not bound": ("attributes: [name, mobile, address], contract", "attributes: [name, mobile, birthday], contract", "recipient_unbound"),
    "recipient abroad": ('valid_until: "2027-12-01",', 'valid_until: "2027-12-01", country: US,', "abroad"),
    "owner who is no role": ("article: 网络安全法第二十三条, owner: security_admin", "article: 网络安全法第二十三条, owner: somebody", "unknown_reference"),
    "company code": ("91330106MA2EXAMPL9", "91330106MA2EXAMPL8", "uscc"),
}  # fmt: skip


@pytest.mark.bad_input(65)
@pytest.mark.parametrize("name", CHECKS)
def test_check_finds(name: str) -> None:
    old, new, code = CHECKS[name]
    assert code in checked(edited(old, new))


def test_an_attribute_without_a_purpose_is_refused() -> None:
    assert "no_purpose" in checked(
        edited("purposes: {service: optional, analytics: optional}}\n  age_band", "purposes: {}}\n  age_band")
    )


def test_a_purpose_without_a_basis_is_refused() -> None:
    assert "no_basis" in checked(
        edited(
            "parent: operation, basis: contract, necessary: true, retention: order_3y",
            "parent: operation, retention: order_3y",
        )
    )


def test_every_attribute_has_retention_for_every_purpose() -> None:
    assert "no_retention" in checked(edited("necessary: true, retention: order_3y", "necessary: true"))


def test_every_attribute_has_category_and_grade() -> None:
    book = parse(retail().encode()).rulebook
    assert all(one.category in book.categories and 1 <= one.grade <= 4 for one in book.attributes.values())
    assert refused(edited("category: basic, type: cn_mobile, grade: 3", "type: cn_mobile"))


def test_sensitive_information_needs_texts_and_an_assessment() -> None:
    line = next(row for row in retail().splitlines() if row.startswith("  bank_card:"))
    for piece, code in (
        (r"necessity: \{.*?\}, ", "no_necessity"),
        (r"impact: \{.*?\}, ", "no_impact"),
        (r"pia: \w+, ", "no_pia"),
    ):
        assert code in checked(edited(line, re.sub(piece, "", line, count=1)))


def test_logs_are_kept_six_months_at_least() -> None:
    assert "floor" in checked(edited("log_keep: P3Y", "log_keep: P5M"))


def test_nobody_is_asked_again_within_48_hours() -> None:
    assert "floor" in checked(edited("ask_again_after: P30D", "ask_again_after: P1D"))


@pytest.mark.bad_input(65)
def test_nobody_locks_the_house_from_outside() -> None:
    """Item 65: a rulebook in which no role may sign any more cannot be published."""
    data = retail().replace('"regime:rulebook:sign"', '"regime:rulebook:read"').encode()
    assert "lock_out" in checked(data)


def test_a_prohibited_parent_prohibits_its_children() -> None:
    book = parse(edited("marketing: {label", "marketing: {prohibited: true, label")).rulebook
    assert book.prohibited("mkt_sms") and book.prohibited("no_such_purpose") and not book.prohibited("service")


def test_a_small_firm_ends_at_one_hundred_thousand_persons() -> None:
    small = parse(edited("size: general", "size: small"))
    assert not errors(check(small, persons=99_999)) and errors(check(small, persons=100_000))


def test_dead_and_shadowed_rules_are_named() -> None:
    dead = edited("attributes: [bank_card, balance], grade_max: 4", "attributes: [city], grade_max: 4")
    assert "dead_rule" in {finding.code for finding in check(parse(dead))}
    shadowed = edited(
        "  # 禁止\n",
        "  # 禁止\n  - {id: stop, effect: forbid, label: {zh: 停, en: Stop}, purposes: [audit], article: x}\n",
    )
    assert "shadowed_rule" in {finding.code for finding in check(parse(shadowed))}


def test_tightening_and_loosening_are_told_apart() -> None:
    before = parse(retail().encode()).rulebook
    after = parse(edited("attributes: [name, id_no, passport_no]", "attributes: [name, id_no]")).rulebook
    tighter, looser = difference(before, after), difference(after, before)
    assert tighter.lost and not tighter.gained and not tighter.loosens
    assert looser.gained and not looser.lost and looser.loosens
    assert {cell.attribute for cell in tighter.cells} == {"passport_no"}
    dropped = parse(
        edited(
            'obligations: [log, reason, fresh_signin, watermark, {expire: PT60S}], article: 个人信息保护法第二十八条, chapter: "3.2"}\n  # 客户数据',
            'obligations: [log, reason], article: 个人信息保护法第二十八条, chapter: "3.2"}\n  # 客户数据',
        )
    ).rulebook
    assert difference(before, dropped).gained


STOP = "  # 禁止\n  - {id: stop, effect: forbid, label: {zh: 停, en: Stop}, roles: [sales], purposes: [presale], actions: [read], attributes: [mobile], article: x, when: %s}\n"


@pytest.mark.parametrize(
    ("old", "new", "loosens"),
    [
        ("{state_is: [erasing]}", None, True),
        (None, "{state_is: [erasing]}", False),
        ("{any: [{granted: [pool]}, {state_is: [erasing]}]}", "{state_is: [erasing]}", True),
        ("{state_is: [erasing]}", "{any: [{granted: [pool]}, {state_is: [erasing]}]}", False),
        ("{state_is: [erasing]}", "{all: [{granted: [pool]}, {state_is: [erasing]}]}", True),
    ],
)
def test_a_loosening_that_no_tried_state_shows_is_a_loosening(old: str | None, new: str | None, loosens: bool) -> None:
    """The cells are asked in some states only; what a rule itself loses or gains decides beyond them."""
    before, after = (
        parse(edited("  # 禁止\n", STOP % when) if when else retail().encode()).rulebook for when in (old, new)
    )
    assert difference(before, after).loosens is loosens


def test_a_retention_that_goes_away_is_no_tightening() -> None:
    from dataclasses import replace

    before = parse(retail().encode()).rulebook
    mobile = before.attributes["mobile"]
    assert mobile.retention
    after = replace(before, attributes={**before.attributes, "mobile": replace(mobile, retention={})})
    assert difference(before, after).loosens


_PLAIN = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")), min_size=1, max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.from_regex(r"[a-z]{1,8}x", fullmatch=True), inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}x", fullmatch=True), _PLAIN, min_size=1, max_size=5))
def test_what_yaml_writes_is_read_back(value: dict[str, object]) -> None:
    """Round trip through a foreign writer that quotes all text."""
    data = yaml.dump(value, allow_unicode=True, default_style=None, Dumper=_Quoting).encode()

    def tuples(item: object) -> object:
        if isinstance(item, dict):
            return {key: tuples(one) for key, one in item.items()}
        return tuple(tuples(one) for one in item) if isinstance(item, list) else item

    assert read(data).plain() == tuples(value)


class _Quoting(yaml.SafeDumper):
    """Quotes every text and uses no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    with pytest.raises(RulebookInvalid):
        parse(data)


@settings(deadline=None)  # reading 60 KB strictly takes what the machine has left
@given(st.integers(0, 20_000), st.sampled_from(["", "x", "{", "}", ":", "- ", "&", "*", "\t", "0", "\n", "no", "'"]))
def test_a_damaged_rulebook_is_read_or_refused_never_broken(place: int, piece: str) -> None:
    text = retail()
    place = place * len(text) // 20_000
    try:
        parse((text[:place] + piece + text[place + 1 :]).encode())
    except RulebookInvalid as error:
        assert error.findings


def test_posts_work_under_the_purposes_of_the_rulebook() -> None:
    """`people` offers purposes by post before any rulebook is read; the shipped rulebook and it must say the same."""
    from kexin.people.rules.posts import PURPOSES

    roles = parse(retail().encode()).rulebook.roles
    assert {key: roles[key].purposes for key in PURPOSES} == dict(PURPOSES)
