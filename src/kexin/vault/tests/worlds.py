"""A house with the retail rulebook in force, and people in it, for the vault's own tests."""

from __future__ import annotations

import uuid
from importlib import resources
from typing import Any

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.models import RulebookActivation, RulebookVersion
from kexin.regime.rulebook.parser import parse
from kexin.vault import operations as vault
from kexin.vault.types import SourceActRef

IMPORTER = Caller.for_service("importer", purpose="presale", cause="test")
QUALITY = Caller.for_service("quality", purpose="quality", cause="test")
ERASER = Caller.for_service("erasure", purpose="rights", cause="test")
STRANGER = Caller.for_service("nobody", purpose="presale", cause="test")
SOURCE = SourceActRef(source="import", label="2024 年展会名片", purpose="presale", basis="contract_if_asked")


def rulebook_in_force() -> None:
    """Put the retail rulebook in force without its signing ceremony (that has tests of its own)."""
    data = (resources.files("kexin.regime.data") / "retail.yaml").read_bytes()
    version = RulebookVersion.objects.create(
        number=1, sha256=parse(data).rulebook.sha256, source=data, loosens=True, drafted_by=uuid.uuid4()
    )
    RulebookActivation.objects.create(version=version, effective_at=clock.now(), activated_by=uuid.uuid4())


def values(no: int = 0, **more: str) -> dict[str, str]:
    """An ordinary customer."""
    base = {"name": "陈雨桐", "mobile": f"138{no:08d}", "city": "杭州市", "address": "杭州市西湖区文三路 90 号"}
    return {**base, **more}


def customer(no: int = 0, *, source: SourceActRef = SOURCE, caller: Caller = IMPORTER, **more: Any) -> uuid.UUID:
    """One admitted customer; answers with the id."""
    return vault.admit(caller, values=values(no, **more), source=source).subject_id
