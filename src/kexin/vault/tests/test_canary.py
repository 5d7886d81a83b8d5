"""I1 for the vault alone: what went in cannot be found on the disks of either cluster, WAL and logs included."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import canary

from kexin.foundation import clock
from kexin.vault import envelopes
from kexin.vault import operations as vault
from kexin.vault.tests.worlds import ERASER, IMPORTER, SOURCE, values
from kexin.vault.types import About

NAME, MOBILE, MAIL = "欧阳鹮鹮", "13987654321", "canary.huan@example.cn"


def test_the_search_sees_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x" * canary.BLOCK_BYTES + MOBILE.encode())
    (tmp_path / "b64").write_bytes(base64.b64encode(b"a" + MAIL.encode() + b"zz"))
    (tmp_path / "gbk").write_bytes(NAME.encode("gb18030"))
    (tmp_path / "nothing").write_bytes(b"13987654320")
    hits = canary.seek([NAME, MOBILE, MAIL], [tmp_path])
    assert {hit.file.name for hit in hits} == {"plain", "b64", "gbk"}


def test_nothing_of_a_customer_is_on_any_disk(open_house: Any) -> None:
    admitted = vault.admit(IMPORTER, values=values(name=NAME, mobile=MOBILE, email=MAIL), source=SOURCE)
    subject = admitted.subject_id
    vault.amend(IMPORTER, subject=subject, values={"note": f"{NAME} 下午来电"}, expected_ver=1, source=SOURCE)
    vault.admit_many(IMPORTER, rows=[values(name=NAME, mobile=MOBILE)], source=SOURCE)
    ends = clock.now() + timedelta(days=1)
    kept = vault.keep_file(
        IMPORTER, chunks=[f"{NAME},{MOBILE}\n".encode() * 5_000], kind="upload", name=f"{NAME}.csv", expires_at=ends,
        about=About(purpose="presale"),
    )  # fmt: skip
    assert b"".join(vault.open_file(IMPORTER, file=kept.id)[1])
    envelopes.seal_payload(subject, {"reason": NAME})
    asked = vault.erase(ERASER, subject=subject)
    vault.continue_erasure(ERASER, erasure=asked.id)
    for role in ("main", "keyring"):
        with open_house.connect("admin", role) as admin:
            admin.execute("CHECKPOINT")
    assert canary.seek([SOURCE.label], [open_house.instance.folder]), "an open label must be found, or nothing was read"
    assert canary.seek([NAME, MOBILE, MAIL], [open_house.instance.folder]) == []
