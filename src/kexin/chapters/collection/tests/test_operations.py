"""Imports from file to customer: matched, declared, tried, run, killed, resumed, corrected and fed again."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from kexin.chapters.collection import operations, queries
from kexin.chapters.collection.models import ImportRejection, ImportRun
from kexin.chapters.collection.operations import impact, working
from kexin.chapters.collection.types import (
    ColumnsRefused,
    Declaration,
    DeclarationRefused,
    FileRefused,
    ImportNotAllowed,
    ImportNotFound,
    ImportView,
    Stage,
    WrongStage,
)
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.models import Person
from kexin.people.tests.factories import SETUP, caller_for, person
from kexin.regime import operations as regime
from kexin.regime import queries as regime_queries
from kexin.vault.models import File, Subject
from kexin.vault.operations.files import FileRightsEnded

HEADER = "姓名,电话,所在区,身份证,备注2\n"
ROWS = (
    "陈雨桐,13800001234,杭州市,,\n"  # 2
    "欧阳修远,13800001235,宁波市,110101199003074610,x\n"  # 3
    "沈一帆,1380000,杭州市,,\n"  # 4: short
    ",13800001236,杭州市,,\n"  # 5: no name
    "陈雨桐,138 0000 1234,杭州市,,\n"  # 6: repeats 2
    "罗启明,4.40305E+17,杭州市,,\n"  # 7: digits lost
    "汤敏,13800001237,杭洲,,\n"  # 8: no such place
    "陈大山,13800001234,杭州市,,\n"  # 9: shared phone, another person
)
EXPO = Declaration(source="offline", purpose="presale", basis="contract_if_asked", label="2026 杭州秋季家博会")


@pytest.fixture
def steward() -> Caller:
    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(Caller.for_service("setup"), source=source)
    return caller_for(person("steward"), "presale")


def opened(caller: Caller, text: str = HEADER + "".join(ROWS)) -> ImportView:
    run = operations.open_import(caller, chunks=[text.encode("gb18030")], name="名单.csv")
    return queries.view(caller, run=run)


def tried(caller: Caller, text: str = HEADER + "".join(ROWS), declaration: Declaration = EXPO) -> ImportView:
    view = opened(caller, text)
    operations.map_columns(caller, run=view.id, mapping={one.index: one.attribute for one in view.columns})
    operations.declare(caller, run=view.id, declaration=declaration)
    return operations.try_now(caller, run=view.id)


def test_a_file_is_matched_by_its_headers(steward: Caller) -> None:
    view = opened(steward)
    assert [one.attribute for one in view.columns] == ["name", "mobile", "city", "id_no", ""]
    assert view.encoding == "gb18030" and view.rows == 8


def test_a_column_the_purpose_does_not_need_is_left_out_with_its_reason(steward: Caller) -> None:
    column = tried(steward).columns[3]
    assert column.attribute == "id_no" and "不需要" in column.why


def test_the_dry_run_adds_up_and_writes_nothing(steward: Caller) -> None:
    view = tried(steward)
    counts = view.counts
    assert view.stage is Stage.TRIED
    assert (counts.total, counts.new, counts.repeated, counts.refused, counts.known) == (8, 3, 1, 4, 0)
    assert Subject.objects.count() == 0
    codes = dict(ImportRejection.objects.values_list("row", "code"))
    assert codes == {4: "mobile_short", 5: "required", 6: "repeated", 7: "lost_digits", 8: codes[8]}
    page = queries.notes(steward, run=view.id)
    assert page.total == 5
    assert all(note.reason and note.remedy for note in page.rows)
    assert "13800001234" not in repr(page) and "陈雨桐" not in repr(page)


def test_the_import_writes_what_the_dry_run_promised(steward: Caller) -> None:
    view = tried(steward)
    done = operations.run(steward, run=view.id)
    assert done.stage is Stage.DONE and done.counts.written == 3 == Subject.objects.count()


@pytest.mark.bad_input(50)
def test_known_customers_are_not_written_twice(steward: Caller) -> None:
    operations.run(steward, run=tried(steward).id)
    again = tried(steward)
    assert again.counts.new == 0 and again.counts.known == 3
    operations.run(steward, run=again.id)
    assert Subject.objects.count() == 3


def test_unproven_rows_say_so(steward: Caller) -> None:
    view = tried(steward, declaration=Declaration(source="legacy", purpose="service", basis="unproven", label="旧表"))
    operations.run(steward, run=view.id)
    assert set(Subject.objects.values_list("unproven", flat=True)) == {True}


@pytest.mark.bad_input(51)
def test_an_import_that_died_goes_on_where_it_was(steward: Caller, monkeypatch: pytest.MonkeyPatch) -> None:

    text = "姓名,手机号\n" + "".join(f"王小{'一二三四五六七八九'[n % 9]},138000{n:05d}\n" for n in range(90))
    monkeypatch.setattr(working, "BATCH_ROWS", 20)
    view = tried(steward, text)

    class Died(BaseException):
        pass

    def die(shown: ImportView) -> None:
        if shown.rows_done >= 40:
            raise Died

    with pytest.raises(Died):
        operations.run(steward, run=view.id, progress=die)
    assert Subject.objects.count() == 40 == ImportRun.objects.get(id=view.id).written
    operations.perform(steward, run=str(view.id))
    assert Subject.objects.count() == 90 == ImportRun.objects.get(id=view.id).written
    operations.perform(steward, run=str(view.id))
    assert Subject.objects.count() == 90


@pytest.mark.bad_input(51)
def test_cancelling_keeps_what_is_written_and_says_so(steward: Caller, monkeypatch: pytest.MonkeyPatch) -> None:

    text = "姓名,手机号\n" + "".join(f"王小一,138000{n:05d}\n" for n in range(60))
    monkeypatch.setattr(working, "BATCH_ROWS", 20)
    view = tried(steward, text)
    done = operations.run(
        steward, run=view.id, progress=lambda shown: operations.cancel(steward, run=view.id) if shown.rows_done == 20 else None
    )
    assert done.stage is Stage.CANCELLED and done.counts.written == 20 == Subject.objects.count()


def test_the_error_file_can_be_corrected_and_fed_again(steward: Caller) -> None:
    view = tried(steward)
    file = operations.error_file(steward, run=view.id)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert file.rows == 5 and rows[0][:4] == ["原文件行号", "原因", "怎么改", "姓名"]
    assert rows[1][0] == "4" and rows[1][4] == "1380000"
    again = operations.open_import(steward, chunks=[file.content], name="x.xlsx")
    columns = queries.view(steward, run=again).columns
    assert [one.attribute for one in columns] == ["", "", "", "name", "mobile", "city", "id_no", ""]


def test_a_refused_file_leaves_nothing(steward: Caller) -> None:
    with pytest.raises(FileRefused):
        operations.open_import(steward, chunks=[b"<html></html>"], name="a.xls")
    assert ImportRun.objects.count() == 0 and set(File.objects.values_list("state", flat=True)) == {"burned"}


def test_a_file_without_headers_is_told_so(steward: Caller) -> None:
    with pytest.raises(FileRefused) as caught:
        opened(steward, "陈雨桐,13800001234\n沈一帆,13800001235\n")
    assert caught.value.finding == "no_header"


def test_mistakes_are_named_at_their_field(steward: Caller) -> None:
    view = opened(steward)
    with pytest.raises(ColumnsRefused):
        operations.map_columns(steward, run=view.id, mapping={1: "mobile"})
    with pytest.raises(ColumnsRefused):
        operations.map_columns(steward, run=view.id, mapping={0: "name", 1: "name"})
    with pytest.raises(DeclarationRefused) as caught:
        operations.declare(
            steward, run=view.id, declaration=Declaration(source="", purpose="presale", basis="contract", label="")
        )
    assert {one["field"] for one in caught.value.errors} == {"source", "label", "basis"}


def test_columns_are_remembered_for_the_same_headers(steward: Caller) -> None:
    first = opened(steward)
    operations.map_columns(steward, run=first.id, mapping={0: "name", 1: "mobile"})
    again = opened(steward)
    assert again.columns[0].remembered and [one.attribute for one in again.columns] == ["name", "mobile", "", "", ""]


def test_only_the_steward_and_only_the_own_import(steward: Caller) -> None:
    view = opened(steward)
    with pytest.raises(ImportNotAllowed):
        operations.open_import(caller_for(person("sales"), "presale"), chunks=[b"a,b\n1,2\n"], name="x.csv")
    with pytest.raises(ImportNotFound):
        queries.view(caller_for(person("steward"), "presale"), run=view.id)


def test_a_post_that_ended_closes_the_file_and_stops_the_queued_import(steward: Caller) -> None:
    """Rights are asked for at each opening, not once: the job of a former steward writes nobody."""
    tried_only, run = tried(steward).id, tried(steward).id
    operations.begin(steward, run=run)
    people.revoke_role(SETUP, person=steward.id, role="steward")
    operations.perform(steward, run=run)
    assert not Subject.objects.exists()
    again = caller_for(Person.objects.get(id=steward.id), "presale")
    stopped = queries.view(again, run=run)
    assert stopped.stage is Stage.STOPPED and "岗位或权限有变化" in stopped.problem and stopped.resumable
    with pytest.raises(FileRightsEnded):
        queries.notes(again, run=tried_only)
    people.assign_role(SETUP, person=steward.id, role="steward")
    back = caller_for(Person.objects.get(id=steward.id), "presale")
    operations.begin(back, run=run)
    operations.perform(back, run=run)
    assert queries.view(back, run=run).stage is Stage.DONE and Subject.objects.count() == 3


def test_an_import_a_new_rulebook_would_stop_is_told_to_the_impact_preview(steward: Caller) -> None:
    """Only an import that loses its purpose or one of its columns is counted, and none that is over."""
    tried(steward)
    book = regime_queries.bundle().rulebook
    without = replace(book, attributes={key: one for key, one in book.attributes.items() if key != "city"})
    assert [one.count for one in impact.affected_by(steward, book, book)] == [0]
    assert [one.count for one in impact.affected_by(steward, book, without)] == [1]
    operations.cancel(steward, run=ImportRun.objects.get().id)
    assert [one.count for one in impact.affected_by(steward, book, without)] == [0]


def test_two_at_once_write_nobody_twice(steward: Caller) -> None:
    first, second = tried(steward), tried(steward)
    operations.run(steward, run=first.id)
    done = operations.run(steward, run=second.id)
    assert done.counts.written == 0 and done.counts.known == 3 and Subject.objects.count() == 3


@pytest.mark.bad_input(51)
def test_an_import_that_a_full_disk_stopped_can_be_taken_up(steward: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is not ours leaves the checkpoint whole and the import resumable, not running for ever."""
    text = "姓名,手机号\n" + "".join(f"王小一,138000{n:05d}\n" for n in range(60))
    monkeypatch.setattr(working, "BATCH_ROWS", 20)
    view = tried(steward, text)
    with monkeypatch.context() as once:
        written = working.vault.admit_many

        def full(*args: Any, **kwargs: Any) -> Any:
            if Subject.objects.count() == 20:
                raise OSError(28, "No space left on device")
            return written(*args, **kwargs)

        once.setattr(working.vault, "admit_many", full)
        with pytest.raises(OSError):
            operations.run(steward, run=view.id)
    stopped = queries.view(steward, run=view.id)
    assert stopped.stage is Stage.STOPPED and stopped.resumable and "完整保留" in stopped.problem
    assert stopped.counts.written == 20 == Subject.objects.count()
    assert operations.run(steward, run=view.id).counts.written == 60 == Subject.objects.count()


@pytest.mark.bad_input(51)
def test_an_import_whose_process_was_killed_can_be_taken_up(steward: Caller) -> None:
    """kill -9 leaves the stage running: after a while without progress the wizard offers to go on."""
    view = tried(steward)
    operations.begin(steward, run=view.id)
    assert not queries.view(steward, run=view.id).resumable
    with pytest.raises(WrongStage):
        operations.begin(steward, run=view.id)
    ImportRun.objects.filter(id=view.id).update(started_at=now() - 2 * queries.QUIET)
    assert queries.view(steward, run=view.id).resumable
    operations.begin(steward, run=view.id)
