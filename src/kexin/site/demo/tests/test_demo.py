"""The demo company loads through the real verbs, and its scripted people are there."""

from __future__ import annotations

import stat
from pathlib import Path

from kexin.people.models import Person
from kexin.people.queries import token_held
from kexin.regime import queries as regime
from kexin.site.demo import loading
from kexin.site.demo.cases import CASES
from kexin.vault.models import Subject


def test_the_company_is_told(tmp_path: Path) -> None:
    loading.tell(tmp_path)
    assert Subject.objects.count() == sum(loading.BULK.values()) + len(CASES) and len(CASES) >= 30
    assert Person.objects.filter(staff_no="XS0217", name="林晓雯").exists()
    assert regime.bundle().purposes["presale"] and regime.current_notice() is not None
    assert Subject.objects.filter(unproven=True).count() > loading.BULK["legacy"]
    assert Subject.objects.filter(state="frozen").count() == 2
    assert Subject.objects.filter(age_status="under14").count() == 1
    token = tmp_path / "cli-token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert token_held(token.read_text().strip()) is not None
