"""Rulebooks that the product ships with, as editions and documents of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any

from kexin.chapters.compliance.queries.documents import _duties
from kexin.chapters.compliance.rules.document.blocks import Document
from kexin.chapters.compliance.rules.document.composition import compose
from kexin.chapters.compliance.rules.document.edition import Edition, Revision, Signing
from kexin.regime.rulebook import parse

AT = datetime(2026, 11, 28, 1, 2, tzinfo=UTC)


@cache
def shipped() -> dict[str, bytes]:
    """Name -> bytes of every rulebook among the regime's data."""
    found = {
        path.name.removesuffix(".yaml"): path.read_bytes()
        for path in resources.files("kexin.regime.data").iterdir()
        if path.name.endswith(".yaml")
    }
    return {name: data for name, data in found.items() if b"\nrulebook: " in b"\n" + data}


NAMES = tuple(sorted(shipped()))


def edition(source: bytes, **more: Any) -> Edition:
    """A version in force, drafted and signed."""
    book = parse(source).rulebook
    signings = tuple(
        Signing(capacity=capacity, name=name, at=AT, algorithm="ed25519", key_id="9c1f0a77", line=line, digest=f"{line:064x}")
        for capacity, name, line in (("起草", "王敏", 1203), ("签署", "周立群", 1208))
    )
    revision = Revision(
        number=3, state="in_force", drafter="王敏", drafted_at=AT, signers=("周立群",), effective_at=AT, loosens=True, sha256=book.sha256
    )  # fmt: skip
    whole = Edition(
        rulebook=book, state="in_force", number=3, drafted_at=AT, effective_at=AT, signings=signings, published=(1209, "e" * 64),
        history=(revision,), duties=_duties(book, date(2026, 11, 28)),
    )  # fmt: skip
    return replace(whole, **more)


@cache
def composed(name: str) -> Document:
    """The document of a shipped rulebook."""
    return compose(edition(shipped()[name]))
