"""Drafts of impact assessments beside a rulebook: `data/assessments/*.yaml`, read strictly and joined with its `pias`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kexin.regime.rulebook import reading as r
from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.reading import Reading
from kexin.regime.rulebook.source import Node, read
from kexin.regime.rules import assessment as rules
from kexin.regime.types import PiaDef, Rulebook
from kexin.regime.types.defaults import AssessmentDraft, FormRow, Measure, Right

_LEVEL = r.one_of(*rules.IMPACTS)
_RIGHT: dict[str, r.Reader] = {"level": _LEVEL, "text": r.text}
_MEASURE: dict[str, r.Reader] = {"by": r.one_of("software", "people", "coming"), "zh": r.string, "en": r.string}


def _right(reading: Reading, node: Node, path: str) -> dict[str, Any]:
    return reading.mapping(node, path, _RIGHT, required=tuple(_RIGHT))


def _rights(reading: Reading, node: Node, path: str) -> dict[str, Any]:
    fields = dict.fromkeys((*rules.DIMENSIONS, *rules.FURTHER), _right)
    return reading.mapping(node, path, fields, required=rules.DIMENSIONS)


_ASSESSMENT: dict[str, r.Reader] = {
    "legality": r.text,
    "sources": r.text,
    "rights": _rights,
    "likelihood": r.one_of(*rules.LIKELIHOODS),
    "measures": r.many(lambda reading, node, path: reading.mapping(node, path, _MEASURE, required=tuple(_MEASURE))),
    "residual": _LEVEL,
}
_APPLIES: dict[str, r.Reader] = {"pia": r.code, "lawful": r.text, "impact": r.text, "measures": r.text}
_NOT: dict[str, r.Reader] = {"reason": r.text}


def _form_row(reading: Reading, node: Node, path: str) -> dict[str, Any]:
    applies = isinstance(node.value, dict) and "pia" in node.value
    fields = _APPLIES if applies else _NOT
    return reading.mapping(node, path, fields, required=tuple(fields))


def _form(reading: Reading, node: Node, path: str) -> dict[str, Any]:
    """Exactly the five scenarios of PIPL 55, each once."""
    fields = dict.fromkeys(rules.SCENARIOS, _form_row)
    return reading.mapping(node, path, fields, required=rules.SCENARIOS)


def _assessments(reading: Reading, node: Node, path: str) -> dict[str, Any]:
    return reading.keyed(
        node,
        path,
        lambda inner, child, here, key, order: inner.mapping(child, here, _ASSESSMENT, required=tuple(_ASSESSMENT)),
    )


def drafts(data: bytes, *, rulebook: Rulebook) -> tuple[tuple[AssessmentDraft, ...], tuple[FormRow, ...]]:
    """The assessments of a rulebook in its own order, and the filled form of a small firm (empty where there is none).

    Raises RulebookInvalid, and LookupError where rulebook and drafts do not name the same assessments.
    """
    reading = Reading()
    sections: dict[str, r.Reader] = {"assessments": _assessments, "form": _form}
    found = reading.mapping(read(data), "", sections, required=("assessments",))
    if reading.findings:
        raise RulebookInvalid(reading.findings)
    texts: Mapping[str, dict[str, Any]] = found["assessments"]
    if set(texts) != set(rulebook.pias):
        raise LookupError(f"drafts and rulebook differ: {sorted(set(texts) ^ set(rulebook.pias))}")
    form = tuple(FormRow(scenario=key, **row) for key, row in found.get("form", {}).items())
    return tuple(_draft(pia, texts[key]) for key, pia in rulebook.pias.items()), form


def _draft(pia: PiaDef, raw: dict[str, Any]) -> AssessmentDraft:
    rights = {key: Right(**one) for key, one in raw["rights"].items()}
    severity = rules.worst(one.level for one in rights.values())
    return AssessmentDraft(
        key=pia.key,
        label=pia.label,
        scenario=pia.scenario,
        purposes=pia.purposes,
        attributes=pia.attributes,
        necessity=pia.necessity,
        impact=pia.impact,
        protection=pia.measures,
        legality=raw["legality"],
        sources=raw["sources"],
        rights=rights,
        severity=severity,
        likelihood=raw["likelihood"],
        risk=rules.risk(severity, raw["likelihood"]),
        measures=tuple(Measure(by=one["by"], text={"zh": one["zh"], "en": one["en"]}) for one in raw["measures"]),
        residual=raw["residual"],
    )
