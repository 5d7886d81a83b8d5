"""Rulebooks for the tests of the decision: small ones made by hand, and the retail one as shipped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from kexin.regime.rulebook.parser import parse
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.types import (
    Action,
    AttributeDef,
    Bundle,
    Effect,
    Obligation,
    ObligationKind,
    PurposeDef,
    Rulebook,
    RuleDef,
)
from kexin.regime.types.rulebook import Basis

LABEL = {"zh": "测试", "en": "Test"}


@cache
def retail() -> Rulebook:
    """The retail rulebook that ships with the product."""
    parsed = parse((resources.files("kexin.regime.data") / "retail.yaml").read_bytes())
    assert parsed.rulebook is not None
    return parsed.rulebook


@cache
def retail_bundle() -> Bundle:
    """The same, compiled."""
    return compile_bundle(retail(), version=1)


def attribute(key: str, *, grade: int = 3, purposes: Iterable[str] = ("service", "sell"), **more: Any) -> AttributeDef:
    """An attribute bound to both test purposes."""
    bound = dict.fromkeys(purposes, "optional")
    return AttributeDef(
        key=key, label=LABEL, category=more.pop("category", "basic"), type="free_text", grade=grade, purposes=bound,
        retention={}, **more,
    )  # fmt: skip


def rule(identity: str, *, permit: bool = True, when: Any = None, **more: Any) -> RuleDef:
    """A rule about everything that it does not narrow."""
    duties = tuple(Obligation(kind=ObligationKind(kind)) for kind in more.pop("obligations", ()))
    defaults: dict[str, Any] = {
        "label": LABEL,
        "roles": ("sales",) if permit else None,
        "purposes": ("service",) if permit else None,
        "actions": (Action.READ,) if permit else None,
    }
    effect = Effect.PERMIT if permit else Effect.FORBID
    return RuleDef(id=identity, effect=effect, when=when, obligations=duties, **{**defaults, **more})


def book(*rules: RuleDef, attributes: Iterable[AttributeDef] = ()) -> Bundle:
    """A bundle of the retail rulebook's frame with these rules and attributes, and three purposes."""
    purposes = {
        "service": PurposeDef(key="service", label=LABEL, bases=(Basis.CONTRACT,)),
        "sell": PurposeDef(key="sell", label=LABEL, bases=(Basis.CONSENT,), channel="sms"),
        "law": PurposeDef(key="law", label=LABEL, bases=(Basis.LEGAL_DUTY,)),
        "spying": PurposeDef(key="spying", label=LABEL, bases=(Basis.CONSENT,), prohibited=True),
        "peeping": PurposeDef(key="peeping", label=LABEL, bases=(Basis.CONSENT,), parent="spying"),
    }
    catalogue = tuple(attributes) or (
        attribute("name", purposes=("service", "sell", "law", "peeping")),
        attribute("mobile"),
        attribute("id_no", grade=4),
        attribute("city", grade=2, storage="facet"),
        attribute("level", grade=2, storage="facet"),
    )
    numbered = tuple(replace(one, order=place) for place, one in enumerate(rules))
    return compile_bundle(
        replace(
            retail(), rules=numbered, purposes=purposes, attributes={one.key: one for one in catalogue}, recipients={}
        )
    )
