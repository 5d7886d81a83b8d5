"""A small company for the tests of questions and doors: the retail rulebook in force, people, admitted customers."""

from __future__ import annotations

import hashlib
import uuid
from importlib import resources
from typing import Any

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime.models import RulebookActivation, RulebookVersion
from kexin.vault import keys
from kexin.vault import operations as vault
from kexin.vault.types import SourceActRef

SOURCE = SourceActRef(source="form", purpose="presale", basis="contract_if_asked", label="西溪店到店登记表")
UNPROVEN = SourceActRef(source="import", purpose="presale", basis="unproven", label="旧系统")
_numbers = iter(range(10_000_000, 99_999_999))


def put_in_force(text: bytes | None = None) -> None:
    """A rulebook in force (the retail one), as publishing would leave it."""
    source = text or resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    sha256 = hashlib.sha256(source).hexdigest()
    number = 1 + RulebookVersion.objects.count()
    version = RulebookVersion.objects.create(
        number=number, sha256=sha256, source=source, loosens=False, drafted_by=uuid.uuid4()
    )
    RulebookActivation.objects.create(version=version, effective_at=clock.now(), activated_by=uuid.uuid4())
    keys.forget()


def sales(purpose: str = "presale", role: str = "sales", **fields: Any) -> Caller:
    """A member of staff asking under one purpose."""
    return caller_for(person(role, **fields), purpose)


def importer(purpose: str = "presale") -> Caller:
    """The import service."""
    return Caller.for_service("importer", purpose=purpose, cause="test")


def phone() -> str:
    """A mobile number that no other test uses."""
    return f"138{next(_numbers)}"


def customer(owner: Caller | None = None, *, source: SourceActRef = SOURCE, **values: str) -> uuid.UUID:
    """One admitted person, owned by somebody or nobody."""
    kind = values.pop("kind", "person")
    age = values.pop("age_status", None)
    values = {"name": "陈雨桐", "mobile": phone()} | values
    made = vault.admit(importer(), values=values, source=source, kind=kind, age_status=age)
    if owner is not None:
        regime.grant(importer(), subject=made.subject_id, principal=owner.id, relation="owner")
    return made.subject_id
