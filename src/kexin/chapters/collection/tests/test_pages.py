"""The wizard from upload to report, as the browser speaks to it; errors stand at their field."""

from __future__ import annotations

import io
import time
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from django.test import Client

from kexin.chapters.collection import operations
from kexin.chapters.collection.models import ImportRun
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.sign_in import BEGAN, EPOCH, SEEN
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.vault import operations as vault
from kexin.vault import quota
from kexin.vault.models import File, FileChunk, Subject, TrialRows

CSV = "姓名,手机号,城市\n陈雨桐,13800001234,杭州市\n沈一帆,138,杭州市\n"


@pytest.fixture
def steward(client: Client) -> Any:
    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(Caller.for_service("setup"), source=source)
    member = person("steward")
    sign_in(client, member)
    return member


def sign_in(client: Client, member: Any) -> None:
    """A session as the sign-in page begins it."""
    member.refresh_from_db()
    client.force_login(member, backend="kexin.people.sign_in.StaffBackend")
    session, at = client.session, int(time.time())
    session.update({EPOCH: member.epoch, BEGAN: at, SEEN: at})
    session.save()
    people.begin_session(member.id, session_key=str(session.session_key), way="password", place="127.0.0.1", device="test")


def upload(client: Client, content: bytes, name: str = "名单.csv") -> Any:
    file = io.BytesIO(content)
    file.name = name
    return client.post("/imports/new", {"file": file})


def test_the_wizard_from_upload_to_report(client: Client, steward: Any) -> None:
    assert "还没有导入过客户" in client.get("/imports").content.decode()
    there = upload(client, CSV.encode("gb18030")).headers["Location"]
    assert "对应的信息" in client.get(there).content.decode()
    mapped = client.post(there + "/columns", {"column-0": "name", "column-1": "mobile", "column-2": "city"})
    assert mapped.status_code == 302
    wrong = client.post(there + "/declaration", {"source": "offline", "label": "", "basis": "presale:unproven"})
    assert wrong.status_code == 422 and "请写明是哪一次收集" in wrong.content.decode()
    done = client.post(there + "/declaration", {"source": "offline", "label": "家博会", "basis": "presale:unproven"})
    assert done.status_code == 302
    assert "已检查 0 行" in client.get(there).content.decode()
    row = ImportRun.objects.get()
    caller = caller_for(steward, "presale")
    operations.try_out(caller, run=str(row.id))
    assert client.get(there + "/progress").headers["HX-Refresh"] == "true"
    page = client.get(there).content.decode()
    assert "手机号少" in page and "13800001234" not in page and "导入 1 行" in page
    assert client.post(there + "/writing").status_code == 302
    operations.perform(caller, run=str(row.id))
    assert "已写入 1 位客户" in client.get(there).content.decode() and Subject.objects.count() == 1
    file = client.post(there + "/error-file")
    assert file.headers["Content-Disposition"].startswith("attachment") and file.content[:2] == b"PK"
    assert "家博会" in client.get("/imports").content.decode()


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"PK\x03\x04", b"a" * 2_000_000, "陈,1".encode()])
def test_bad_files_are_told_at_the_field(client: Client, steward: Any, content: bytes) -> None:
    answer = upload(client, content)
    assert answer.status_code == 422 and 'id="e-file"' in answer.content.decode()


def test_the_wizard_in_english(client: Client, steward: Any) -> None:
    client.cookies["django_language"] = "en"
    assert client.get("/imports").status_code == 200


def test_others_are_refused(client: Client, steward: Any) -> None:
    sign_in(client, person("sales"))
    assert client.get("/imports").status_code == 403


def test_a_reason_has_its_numbers(client: Client, steward: Any) -> None:
    there = upload(client, "姓名,手机号,城市\n陈雨桐,1380000,杭州市\n沈一帆,13800001234,杭洲市\n".encode()).headers["Location"]
    client.post(there + "/columns", {"column-0": "name", "column-1": "mobile", "column-2": "city"})
    client.post(there + "/declaration", {"source": "offline", "label": "家博会", "basis": "presale:unproven"})
    operations.try_out(caller_for(steward, "presale"), run=ImportRun.objects.get().id)
    page = client.get(there).content.decode()
    assert "手机号：手机号少 4 位" in page and "是否为“杭州市”？" in page
    assert "1380000" not in page


def test_a_refused_upload_keeps_nothing(client: Client, steward: Any) -> None:
    """Sealing begins before the form's token can be read: what comes without one is burned again."""
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, steward)
    assert upload(strict, CSV.encode()).status_code == 403
    # A browser that has seen the form sends its cookie: then the whole upload is read before the token is missed.
    strict.get("/imports")
    assert strict.cookies["csrf"].value
    assert upload(strict, CSV.encode()).status_code == 403
    assert File.objects.filter(state="burned").count() == 1
    other = Client()
    sign_in(other, person("sales"))
    assert upload(other, CSV.encode()).status_code == 403
    assert ImportRun.objects.count() == 0 and set(File.objects.values_list("state", flat=True)) <= {"burned"}
    assert FileChunk.objects.count() == 0


def test_a_dry_run_above_the_hours_rows_waits_and_nothing_is_lost(client: Client, steward: Any) -> None:
    """What was declared stays declared; the page says how long, and the button is there when the time has come."""
    me = caller_for(steward, "presale")
    earlier = operations.open_import(me, chunks=[CSV.encode()], name="早.csv")
    vault.begin_trial(me, file=ImportRun.objects.get(id=earlier).file_id, rows=quota.TRIAL_ROWS_PER_HOUR)
    there = upload(client, CSV.encode("gb18030")).headers["Location"]
    client.post(there + "/columns", {"column-0": "name", "column-1": "mobile", "column-2": "city"})
    declared = {"source": "offline", "label": "家博会", "basis": "presale:unproven"}
    waits = client.post(there + "/declaration", declared)
    assert waits.status_code == 429
    assert "400,000 行，请在 60 分钟后再试运行" in waits.content.decode() and "可以照常导入" in waits.content.decode()
    row = ImportRun.objects.exclude(id=earlier).get()
    assert (row.stage, row.label) == ("declared", "家博会")
    assert f'action="{there}/trial"' in client.get(there).content.decode()
    TrialRows.objects.update(at=now() - timedelta(minutes=61))
    assert client.post(there + "/trial").status_code == 302
