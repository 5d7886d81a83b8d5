"""Lists whose content is hostile or awkward (reliability.md §6, items 43, 47, 48, 50, 52): headers, cells, people in them."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
import xlsxwriter

from kexin.chapters.collection import operations, queries
from kexin.chapters.collection.tests.test_operations import EXPO, opened, steward, tried
from kexin.chapters.collection.tests.test_tables import book, look, repacked
from kexin.chapters.collection.types import FileRefused, Stage
from kexin.foundation.caller import Caller
from kexin.people.tests.factories import caller_for, person
from kexin.regime import queries as regime
from kexin.vault import operations as vault
from kexin.vault.models import Subject

__all__ = ["steward"]


@pytest.mark.bad_input(43)
def test_43_a_header_twice_is_taken_once_and_empty_or_unknown_ones_stay_out(steward: Caller) -> None:
    """A BOM glued to the first name, blanks around names, a repeated name, an empty one, a column of power."""
    text = "\ufeff 姓名 ,手机号,手机号 ,,is_staff,城市\n陈雨桐,13800001234,13900001234,x,1,杭州市\n"
    run = operations.open_import(steward, chunks=[text.encode()], name="a.csv")
    columns = queries.view(steward, run=run).columns
    assert [one.attribute for one in columns] == ["name", "mobile", "", "", "", "city"]
    operations.map_columns(steward, run=run, mapping={one.index: one.attribute for one in columns})
    operations.declare(steward, run=run, declaration=EXPO)
    assert operations.run(steward, run=run).counts.written == 1


@pytest.mark.bad_input(43)
def test_43_translated_and_reordered_headers_are_matched(steward: Caller) -> None:
    columns = opened(steward, "City,Mobile,Name\n杭州市,13800001234,陈雨桐\n").columns
    assert [one.attribute for one in columns] == ["city", "mobile", "name"]


def _merged(made: xlsxwriter.Workbook) -> None:
    sheet = made.add_worksheet("名单")
    sheet.write_row(0, 0, ["姓名", "手机号", "城市"])
    for row in range(1, 5):
        sheet.write_row(row, 0, [f"陈雨{'一二三四'[row - 1]}", f"1380000123{row}"])
    sheet.merge_range(1, 2, 4, 2, "杭州市")
    sheet.set_row(2, None, None, {"hidden": True})


@pytest.mark.bad_input(47)
def test_47_merged_cells_belong_to_their_first_row_and_hidden_rows_are_read() -> None:
    """A merged cell holds its value once; a hidden row is a row: leaving it out silently would lose a customer."""
    sheet = look(book(_merged))
    assert sheet.count == 4
    assert ["".join(line.cells[2:3]) for line in sheet.first_rows] == ["杭州市", "", "", ""]


@pytest.mark.bad_input(47)
def test_47_sixty_thousand_styles_are_no_obstacle(steward: Caller) -> None:
    """What a file that was copied together for years looks like: styles count for nothing, cells do."""

    def styled(parts: dict[str, bytes]) -> None:
        one = '<xf numFmtId="{}" fontId="0" fillId="{}" borderId="0" xfId="0"/>'
        many = "".join(one.format(place * 7919 % 65_521, place * 104_729 % 99_991) for place in range(60_000)).encode()
        parts["xl/styles.xml"] = parts["xl/styles.xml"].replace(b"</cellXfs>", many + b"</cellXfs>")

    run = operations.open_import(steward, chunks=[repacked(styled)], name="a.xlsx")
    assert queries.view(steward, run=run).rows == 2


@pytest.mark.bad_input(48)
def test_48_dde_and_formulas_stay_text_in_what_we_hand_back(steward: Caller) -> None:
    row = "=cmd|' /C calc'!A0,1380000,杭州市\n"
    view = tried(steward, "姓名,电话,所在区\n" + row)
    back = openpyxl.load_workbook(io.BytesIO(operations.error_file(steward, run=view.id).content))
    cells = [cell for line in back.active.iter_rows(min_row=2) for cell in line if cell.value is not None]
    assert any(cell.value == "=cmd|' /C calc'!A0" for cell in cells)
    assert {cell.data_type for cell in cells} == {"s"} and {cell.quotePrefix or cell.number_format for cell in cells} <= {"@", True}


@pytest.mark.bad_input(48)
def test_48_a_huge_picture_is_never_decoded() -> None:
    """Pictures of a workbook are not looked at: one that claims 30,000 × 30,000 pixels costs nothing, or is refused."""
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00" + b"\x00" * 64
    data = io.BytesIO(book())
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("xl/media/image1.png", png)
    try:
        assert look(data.getvalue()).count == 2
    except FileRefused as refused:
        assert refused.finding


@pytest.mark.bad_input(50)
def test_50_a_deleted_person_in_a_list_comes_in_as_somebody_new(steward: Caller) -> None:
    """Nothing of the deleted record is left to know them by, and nothing of it comes back."""
    text = "姓名,手机号\n陈雨桐,13800001234\n"
    assert _written(steward, text) == 1
    gone = Subject.objects.get()
    vault.erase(caller_for(person("dpo"), "rights"), subject=gone.id)
    assert _written(steward, text) == 1
    gone.refresh_from_db()
    assert gone.state in ("erasing", "erased")
    fresh = Subject.objects.exclude(id=gone.id).get()
    assert fresh.state == "active" and fresh.number != gone.number


@pytest.mark.bad_input(50)
def test_50_no_spelling_of_yes_in_a_list_is_a_consent(steward: Caller) -> None:
    """A consent needs what was shown and a proof; a column that says so is neither, however it is spelt."""
    said = ("是", "Y", "1", "", "同意（口头）", "TRUE", "✔")
    rows = "".join(f"陈雨桐,1380000{n:04d},{word},{word}\n" for n, word in enumerate(said))
    view = opened(steward, "姓名,手机号,同意营销,短信同意\n" + rows)
    assert [one.attribute for one in view.columns] == ["name", "mobile", "", ""]
    assert _written(steward, "姓名,手机号,同意营销,短信同意\n" + rows) == len(said)
    for subject in Subject.objects.all():
        assert [line for line in regime.consent_strip(subject.id) if line.status == "given"] == []


@pytest.mark.bad_input(52)
def test_52_our_files_hold_text_and_no_digit_is_lost(steward: Caller) -> None:
    """A spreadsheet opens the error file: every cell is text, long numbers whole, signs of formulas without effect."""
    text = "姓名,电话,身份证\n" + "".join(
        f"{sign}SUM(1),{phone},110101199003074610\n"
        for sign, phone in zip(("=", "+", "-", "@", "\t=", "＝"), ("013800001234", "1.38E+10", "138", "+8613", "0", "00"), strict=True)
    )
    view = tried(steward, text)
    assert view.counts.left_out == 6
    back = openpyxl.load_workbook(io.BytesIO(operations.error_file(steward, run=view.id).content)).active
    lines = [[cell.value for cell in line] for line in back.iter_rows(min_row=2)]
    assert {cell.data_type for line in back.iter_rows() for cell in line if cell.value is not None} == {"s"}
    assert {line[5] for line in lines} == {"110101199003074610"} and lines[0][4] == "013800001234"


def _written(caller: Caller, text: str) -> int:
    view = tried(caller, text)
    done = operations.run(caller, run=view.id, write_known=True)
    assert done.stage is Stage.DONE
    return done.counts.written
