"""Bytes of a rulebook to the frozen `Rulebook`, or a list of findings with line, column, key and remedy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kexin.regime.rulebook import format as f
from kexin.regime.rulebook import reading as r
from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.reading import Reading
from kexin.regime.rulebook.source import Node, read
from kexin.regime.types import (
    Action,
    AttributeDef,
    Basis,
    Company,
    Controls,
    Effect,
    Obligation,
    ObligationKind,
    PiaDef,
    Profile,
    PurposeDef,
    RecipientDef,
    RetentionDef,
    RoleDef,
    Rulebook,
    RuleDef,
    TrainingGate,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A rulebook and where each of its keys stands: path -> (line, column), for findings of `check`."""

    rulebook: Rulebook
    marks: Mapping[str, tuple[int, int]]


def parse(data: bytes) -> Parsed:
    """Read a rulebook strictly. Raises RulebookInvalid naming every finding; never anything else, whatever comes in."""
    root = read(data)
    reading = Reading()
    found = reading.mapping(root, "", SECTIONS, required=REQUIRED)
    if reading.findings:
        raise RulebookInvalid(reading.findings)
    return Parsed(rulebook=_rulebook(found, hashlib.sha256(data).hexdigest()), marks=reading.marks)


def _rulebook(found: dict[str, Any], sha256: str) -> Rulebook:
    """All sections together; retention by name is looked up here, so that attributes carry whole definitions."""
    classes: dict[str, RetentionDef] = found.get("retention", {})
    defaults = {key: raw.get("retention") for key, raw in found["purposes"].items()}
    accessories = [key for key, raw in found["purposes"].items() if raw.get("accessory")]
    return Rulebook(
        format=found["rulebook"],
        sha256=sha256,
        title=found.get("title", {"zh": "客户信息管理制度", "en": "Customer information rulebook"}),
        company=_company(found["company"]),
        profile=Profile(**found.get("profile", {})),
        grades=found["grades"],
        categories=found["categories"],
        sections=found.get("sections", {}),
        purposes={key: _purpose(key, raw) for key, raw in found["purposes"].items()},
        roles=found["roles"],
        attributes={
            key: _attribute(key, raw, classes, defaults, accessories) for key, raw in found["attributes"].items()
        },
        rules=tuple(found["rules"]),
        recipients=found.get("recipients", {}),
        pias=found.get("pias", {}),
        controls=Controls(**found.get("controls", {})),
        training=found.get("training", {}),
        sharing=found.get("sharing", {}),
        reviews=found.get("reviews", {}),
        sentences=found.get("sentences", {}),
    )


def _company(raw: dict[str, Any]) -> Company:
    officer = raw.pop("officer", {})
    return Company(
        **raw,
        officer_name=officer.get("name", ""),
        officer_email=officer.get("email", ""),
        officer_phone=officer.get("phone", ""),
    )


def _purpose(key: str, raw: dict[str, Any]) -> PurposeDef:
    ends = raw.get("ends")
    return PurposeDef(
        key=key,
        label=raw["label"],
        bases=tuple(Basis(basis) for basis in raw.get("basis", ())),
        parent=raw.get("parent", ""),
        description=raw.get("description", {}),
        necessary=raw.get("necessary", False),
        accessory=raw.get("accessory", False),
        prohibited=raw.get("prohibited", False),
        channel=raw.get("channel", ""),
        consent_kind=raw.get("consent", ""),
        consent_valid=raw.get("consent_valid", ""),
        pia=raw.get("pia", ""),
        ends=RetentionDef(
            start=ends["from"], keep=ends["after"], then=ends.get("then", "erase"), article=ends.get("article", "")
        )
        if ends
        else None,
        owner=raw.get("owner", "dpo"),
        article=raw.get("article", ""),
        order=raw["order"],
    )


def _attribute(
    key: str,
    raw: dict[str, Any],
    classes: Mapping[str, RetentionDef],
    defaults: Mapping[str, str | None],
    accessories: list[str],
) -> AttributeDef:
    """``raw["retention"]`` maps purposes to a class name or a definition; a purpose's own class is the default."""
    retention: dict[str, RetentionDef] = {}
    if raw.get("collect", True):
        raw = raw | {"purposes": raw["purposes"] | dict.fromkeys(accessories, "optional")}
    for purpose in raw["purposes"]:
        chosen = raw.get("retention", {}).get(purpose, defaults.get(purpose))
        chosen = classes.get(chosen) if isinstance(chosen, str) else chosen
        if chosen is not None:
            retention[purpose] = chosen if isinstance(chosen, RetentionDef) else _retention(chosen)
    plain = {name: value for name, value in raw.items() if name not in ("retention", "subjects")}
    return AttributeDef(
        key=key, **plain, retention=retention, **({"subject_kinds": raw["subjects"]} if "subjects" in raw else {})
    )


def _retention(raw: dict[str, Any]) -> RetentionDef:
    return RetentionDef(start=raw["from"], keep=raw["keep"], then=raw["then"], article=raw.get("article", ""))


def _records(fields: Mapping[str, r.Reader], required: tuple[str, ...], make: Any) -> r.Reader:
    """A section of records by code; ``make`` turns a complete one into its dataclass, incomplete ones are left out."""

    def record(reading: Reading, node: Node, path: str, key: str, order: int) -> Any:
        before = len(reading.findings)
        raw = reading.mapping(node, path, fields, required=required)
        return make(key, raw | {"order": order}) if len(reading.findings) == before else None

    return lambda reading, node, path: reading.keyed(node, path, record)


def _raw(key: str, raw: dict[str, Any]) -> dict[str, Any]:
    return raw


def _role(key: str, raw: dict[str, Any]) -> RoleDef:
    return RoleDef(key=key, **raw)


def _class(key: str, raw: dict[str, Any]) -> RetentionDef:
    return _retention(raw)


def _recipient(key: str, raw: dict[str, Any]) -> RecipientDef:
    raw.pop("order")
    return RecipientDef(key=key, **raw)


def _pia(key: str, raw: dict[str, Any]) -> PiaDef:
    raw.pop("order")
    return PiaDef(key=key, **raw)


def _training(key: str, raw: dict[str, Any]) -> TrainingGate:
    raw.pop("order")
    return TrainingGate(key=key, **raw)


def _grades(reading: Reading, node: Node, path: str) -> dict[int, dict[str, str]]:
    """Exactly the four grades 1 to 4."""
    if not isinstance(node.value, dict) or set(node.value) != {1, 2, 3, 4}:
        reading.wrong(
            node, path, "grades", ("须写出 1 至 4 级，不多不少", "grades 1 to 4 are needed, no more, no less")
        )
        return {}
    return {grade: r.text(reading, child, f"{path}.{grade}") for grade, child in node.value.items()}


def _rules(reading: Reading, node: Node, path: str) -> list[RuleDef]:
    if not isinstance(node.value, list):
        reading.wrong(
            node,
            path,
            "type",
            ("规则应为列表", "a list of rules is expected"),
            ("每条以 - {id: …} 开头", "each begins with - {id: …}"),
        )
        return []
    rules, seen = [], set()
    for order, child in enumerate(node.value):
        name = child.value.get("id") if isinstance(child.value, dict) else None
        rule_path = f"{path}.{name.value}" if name is not None and isinstance(name.value, str) else f"{path}[{order}]"
        if (rule := _rule(reading, child, rule_path, order)) is None:
            continue
        if rule.id in seen:
            reading.wrong(
                child,
                rule_path,
                "duplicate_rule",
                ("规则编号重复", "this rule id is there twice"),
                ("换一个编号", "choose another"),
            )
        seen.add(rule.id)
        rules.append(rule)
    return rules


def _rule(reading: Reading, node: Node, path: str, order: int) -> RuleDef | None:
    before = len(reading.findings)
    raw = reading.mapping(node, path, f.RULE, required=("id", "effect", "label"))
    if len(reading.findings) > before:
        return None
    if not r.RULE_ID.fullmatch(raw["id"]):
        reading.wrong(
            node, path, "code", ("规则编号只能用小写字母、数字和 -", "rule ids are lower-case letters, digits and -")
        )
    effect = Effect(raw["effect"])
    if effect is Effect.PERMIT:
        _permit_is_bounded(reading, node, path, raw)
    else:
        _forbid_forbids(reading, node, path, raw)
    return RuleDef(
        id=raw["id"],
        effect=effect,
        label=raw["label"],
        roles=raw.get("roles"),
        purposes=raw.get("purposes"),
        actions=tuple(Action(action) for action in raw["actions"]) if "actions" in raw else None,
        attributes=raw.get("attributes"),
        categories=raw.get("categories"),
        subject_kinds=raw.get("subjects"),
        grade_min=raw.get("grade_min", 1),
        grade_max=raw.get("grade_max", 4),
        masked=raw.get("show") == "masked",
        when=raw.get("when"),
        obligations=_obligations(reading, node, path, raw.get("obligations", ())),
        article=raw.get("article", ""),
        chapter=raw.get("chapter", ""),
        order=order,
    )


def _permit_is_bounded(reading: Reading, node: Node, path: str, raw: dict[str, Any]) -> None:
    """A permit says whom, for what, which verbs and how far; silence must not mean everything."""
    for key in ("roles", "purposes", "actions"):
        if key not in raw:
            reading.wrong(
                node,
                path,
                "unbounded",
                (f"允许类规则须写明 {key}", f"a permit must say {key}"),
                (f"请补上 {key}: [...]", f"add {key}: [...]"),
            )
    if "attributes" not in raw and "grade_max" not in raw:
        reading.wrong(
            node,
            path,
            "unbounded",
            ("允许类规则须写明 attributes 或 grade_max", "a permit must say attributes or grade_max"),
            ("如 grade_max: 3", "such as grade_max: 3"),
        )
    if "everyone" in raw.get("roles", ()):
        reading.wrong(
            node,
            path,
            "everyone",
            ("允许类规则不能给 everyone", "a permit cannot be given to everyone"),
            ("请逐一列出岗位", "list the roles"),
        )


def _forbid_forbids(reading: Reading, node: Node, path: str, raw: dict[str, Any]) -> None:
    """An empty list on a forbid would quietly forbid nothing, so it is refused; obligations and masks do not apply."""
    for key in ("roles", "purposes", "actions", "attributes", "categories", "subjects"):
        if raw.get(key) == ():
            reading.wrong(
                node,
                path,
                "empty_forbid",
                (f"禁止类规则的 {key} 为空，等于什么也不禁止", f"{key} is empty: this would forbid nothing"),
                ("删去这个键表示“全部”，或列出具体项", "remove the key for all of them, or list some"),
            )
    for key in ("obligations", "show"):
        if key in raw:
            reading.wrong(
                node,
                path,
                "forbid",
                (f"禁止类规则没有 {key}", f"a forbid has no {key}"),
                (f"删去 {key}", f"remove {key}"),
            )


def _obligations(reading: Reading, node: Node, path: str, raw: tuple[Any, ...]) -> tuple[Obligation, ...]:
    """`log` or `{notify: dpo}`."""
    answer = []
    for item in raw:
        kind, value = next(iter(item.items())) if isinstance(item, dict) and len(item) == 1 else (item, "")
        if kind not in f.OBLIGATIONS or not isinstance(value, str):
            known = ", ".join(f.OBLIGATIONS)
            reading.wrong(
                node,
                path,
                "obligation",
                ("没有这种附带义务", "no such obligation"),
                (f"可选：{known}", f"one of: {known}"),
            )
            continue
        answer.append(Obligation(kind=ObligationKind(kind), value=value))
    return tuple(answer)


def _durations(reading: Reading, node: Node, path: str) -> dict[str, str]:
    return reading.keyed(node, path, lambda inner, child, here, key, order: r.duration(inner, child, here))


SECTIONS: dict[str, r.Reader] = {
    "rulebook": r.whole(f.FORMAT, f.FORMAT),
    "title": r.text,
    "company": lambda reading, node, path: reading.mapping(
        node, path, f.COMPANY, required=("name", "uscc", "address", "phone", "email", "officer")
    ),
    "profile": lambda reading, node, path: reading.mapping(node, path, f.PROFILE),
    "grades": _grades,
    "categories": r.texts,
    "sections": r.texts,
    "retention": _records(f.RETENTION, ("from", "keep", "then"), _class),
    "purposes": _records(f.PURPOSE, ("label",), _raw),
    "roles": _records(f.ROLE, ("label",), _role),
    "attributes": _records(f.ATTRIBUTE, ("label", "category", "type", "grade", "purposes"), _raw),
    "rules": _rules,
    "recipients": _records(
        f.RECIPIENT, ("name", "kind", "contact", "purposes", "attributes", "contract", "valid_until"), _recipient
    ),
    "pias": _records(
        f.PIA, ("label", "scenario", "purposes", "attributes", "necessity", "impact", "measures", "risk"), _pia
    ),
    "training": _records(f.TRAINING, ("label", "roles", "grade_min", "valid"), _training),
    "controls": lambda reading, node, path: reading.mapping(node, path, f.CONTROLS),
    "sharing": r.texts,
    "reviews": _durations,
    "sentences": r.texts,
}
REQUIRED = ("rulebook", "company", "grades", "categories", "purposes", "roles", "attributes", "rules")
