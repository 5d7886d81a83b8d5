"""Hostile and damaged files (reliability.md §6, items 41–50): each a named fixture with its finding; never a crash."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
import xlsxwriter
from django.utils import translation

from kexin.chapters.collection.adapters import tables
from kexin.chapters.collection.adapters.findings import FINDINGS
from kexin.chapters.collection.types import FileRefused

TEXT = "姓名,手机号,城市\n陈雨桐,13800001234,杭州市\n欧阳修远,13900005678,宁波市\n"


def book(fill: Callable[[xlsxwriter.Workbook], None] | None = None, **options: object) -> bytes:
    """A workbook; without ``fill`` one sheet with a header and two rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as made:
        if fill:
            fill(made)
        else:
            sheet = made.add_worksheet("名单")
            sheet.write_row(0, 0, ["姓名", "手机号", "城市"])
            sheet.write_row(1, 0, ["陈雨桐", "13800001234", "杭州市"])
            sheet.write_row(2, 0, ["欧阳修远", "13900005678", "宁波市"])
    return out.getvalue()


def repacked(change: Callable[[dict[str, bytes]], None], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The plain workbook with its parts changed."""
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(book())) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    return repacked(lambda parts: parts.update({name: content}))


def _sheet_xml(change: Callable[[bytes], bytes]) -> bytes:
    def edit(parts: dict[str, bytes]) -> None:
        parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])

    return repacked(edit)


def _lying_size() -> bytes:
    data = bytearray(with_part("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 70_000 + b"</worksheet>"))
    at = data.rfind(b"xl/worksheets/sheet1.xml")
    struct.pack_into("<L", data, at - 46 + 24, 500)
    return bytes(data)


def _overlap() -> bytes:
    data = bytearray(book())
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def _encrypted_flag() -> bytes:
    data = bytearray(book())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def _many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(5_000):
            archive.writestr(f"xl/{number}.xml", b"")
    return out.getvalue()


def _wide(columns: int) -> bytes:
    return (",".join(f"列{number}" for number in range(columns)) + "\n" + "," * (columns - 1) + "\n").encode()


EXTERNAL = (
    b'<Relationships><Relationship Id="r9" Type="http://x/oleObject" Target="file:///etc/passwd" TargetMode="External"/>'
    b"</Relationships>"
)
MACRO_TYPES = b"<Types>application/vnd.ms-excel.sheet.macroEnabled.main+xml</Types>"

#: item of reliability.md §6 -> (bytes, finding)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "41-big5": (lambda: ("姓名,電話,地址\n張雅婷,1,臺北市大安區\n陳怡君,2,臺南市東區\n" * 5).encode("big5"), "big5"),
    "41-mixed": (lambda: TEXT.encode("gb18030") + "王芳,13700000000,绍兴市\n".encode() + b"\xff\xff\n", "encoding_broken"),
    "41-truncated": (lambda: TEXT.encode() + "陈".encode()[:2], "encoding_broken"),
    "42-quote-open": (lambda: b'name,mobile\n"a,1\n' + b"b,2\n" * 9, "quote_open"),
    "42-quote-stray": (lambda: b'name,mobile\n"a"b,1\n', "quote_stray"),
    "42-endless-line": (lambda: b"name," + b"a" * 3_000_000, "line_too_long"),
    "42-nul": (lambda: b"name,mobile\nab\x00c,1\n" + b"abcd,1\n" * 100, "nul_byte"),
    "42-5000-columns": (lambda: _wide(5_000), "too_many_columns"),
    "46-bomb": (lambda: with_part("xl/media/x.xml", b" " * 40_000_000), "xlsx_ratio"),
    "46-nested-zip": (lambda: with_part("xl/a.bin", book()), "nested_archive"),
    "46-overlapping": (_overlap, "xlsx_overlap"),
    "46-many-entries": (_many_entries, "xlsx_entries"),
    "46-size-lie": (_lying_size, "xlsx_size_lie"),
    "46-encrypted-entry": (_encrypted_flag, "encrypted"),
    "46-encrypted-book": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "47-16385-columns": (lambda: _sheet_xml(lambda xml: xml.replace(b'r="C2"', b'r="XFE2"')), "too_many_columns"),
    "47-row-1048577": (lambda: _sheet_xml(lambda xml: xml.replace(b'r="A3"', b'r="A1048577"')), "too_many_rows"),
    "47-255-sheets": (lambda: book(lambda made: [made.add_worksheet() for _ in range(255)] and None), "xlsx_entries"),
    "48-billion-laughs": (
        lambda: _sheet_xml(lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + xml),
        "dtd",
    ),
    "48-external-link": (lambda: with_part("xl/externalLinks/externalLink1.xml", b"<x/>"), "external_links"),
    "48-external-relation": (lambda: with_part("xl/worksheets/_rels/sheet1.xml.rels", EXTERNAL), "external_links"),
    "48-macro": (lambda: with_part("xl/vbaProject.bin", b"\0" * 10), "macros"),
    "48-macro-type": (lambda: with_part("[Content_Types].xml", MACRO_TYPES), "macros"),
    "48-ole": (lambda: with_part("xl/embeddings/oleObject1.bin", b"\0" * 10), "embedded_objects"),
    "48-polyglot": (lambda: b"PK\x03\x04 not really" + book(), "xlsx_disguised"),
    "49-xls-renamed": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096, "old_xls"),
    "49-html-renamed": (lambda: b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table>", "html_table"),
    "49-zip-slip": (lambda: with_part("../../etc/passwd", b"x"), "xlsx_names"),
    "49-plain-zip": (lambda: zipped({"a.txt": b"hello"}), "not_a_workbook"),
    "49-pdf": (lambda: b"%PDF-1.7 " + b"x" * 100, "not_a_table"),
    "empty": (lambda: b"", "empty_file"),
    "only-mark": (lambda: b"\xef\xbb\xbf\r\n", "empty_file"),
    "damaged": (lambda: book()[:-300], "xlsx_damaged"),
}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def look(content: bytes, **reading: object) -> tables.Sheet:
    return tables.look([content], reading=tables.Reading(**reading))  # type: ignore[arg-type]


@pytest.mark.bad_input(41, 42, 46, 47, 48, 49)
@pytest.mark.no_db
@pytest.mark.parametrize("name", REFUSED)
def test_hostile_file_is_refused_by_name(name: str) -> None:
    make, finding = REFUSED[name]
    with pytest.raises(FileRefused) as caught:
        look(make())
    assert caught.value.finding == finding
    assert str(caught.value.detail) and str(caught.value.remedy)


@pytest.mark.no_db
def test_every_finding_has_its_sentence_in_both_languages() -> None:
    with translation.override("en"):
        for text, remedy in FINDINGS.values():
            for sentence in (text, remedy):
                said = translation.gettext(sentence)
                assert said != sentence and said.isascii(), sentence


@pytest.mark.bad_input(41)
@pytest.mark.no_db
@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le")],
)
def test_41_encodings_are_found(encoding: str, found: str) -> None:
    sheet = look((TEXT * 3).encode(encoding))
    assert sheet.encoding == found and sheet.encoding_sure
    assert sheet.first_rows[0].cells[0] == "陈雨桐"


@pytest.mark.bad_input(41)
@pytest.mark.no_db
def test_41_four_byte_characters_survive() -> None:
    rare = "姓名,手机号\n𠮷田㛃,13800001234\n" + "王芳,13700001234\n" * 30
    assert look(rare.encode("gb18030")).first_rows[0].cells[0] == "𠮷田㛃"


@pytest.mark.bad_input(42)
@pytest.mark.no_db
@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_42_delimiters_and_line_ends(sign: str, end: str) -> None:
    sheet = look(TEXT.replace(",", sign).replace("\n", end).encode())
    assert sheet.delimiter == sign and sheet.count == 2 and len(sheet.header) == 3


@pytest.mark.bad_input(42)
@pytest.mark.no_db
def test_42_excels_own_first_line() -> None:
    sheet = look(("sep=;\n" + TEXT.replace(",", ";")).encode())
    assert sheet.header == ("姓名", "手机号", "城市") and sheet.first_rows[0].row == 3


@pytest.mark.bad_input(44)
@pytest.mark.no_db
@pytest.mark.parametrize("text", ["4.40305E+17", "4.40305199001010E+17", "440305199001010000", "6222600260001070000"])
def test_44_lost_digits_are_marked(text: str) -> None:
    sheet = look(f"姓名,身份证\n张三,{text}\n".encode())
    assert sheet.first_rows[0].found == {1: "lost_digits"}


@pytest.mark.bad_input(44)
@pytest.mark.no_db
def test_44_a_number_cell_of_18_digits_is_marked_and_a_phone_is_not() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "身份证", "手机号"])
        sheet.write_string(1, 0, "张三")
        sheet.write_number(1, 1, 440305199001010014)
        sheet.write_number(1, 2, 13800001234)

    line = look(book(fill)).first_rows[0]
    assert line.found == {1: "lost_digits"} and line.cells[2] == "13800001234"


@pytest.mark.bad_input(45)
@pytest.mark.no_db
def test_45_errors_formulas_and_dates() -> None:
    import datetime

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "生日", "预算", "备注"])
        sheet.write_string(1, 0, "张三")
        sheet.write_datetime(1, 1, datetime.datetime(2000, 2, 29), made.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(1, 2, "=1+1", None, 2)
        sheet.write_formula(1, 3, "=NA()", None, "#N/A")
        sheet.write_formula(2, 3, "=A9", None, "")
        sheet.write_string(2, 0, "李四")

    sheet = look(book(fill))
    assert sheet.first_rows[0].cells[:3] == ["张三", "2000-02-29", "2"]
    assert sheet.first_rows[0].found == {3: "cell_error"}
    assert sheet.first_rows[1].found == {3: "formula_empty"}
    assert ("formulas", 3) in sheet.remarks


@pytest.mark.bad_input(45)
@pytest.mark.no_db
def test_45_the_1904_calendar() -> None:
    import datetime

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "生日"])
        sheet.write_string(1, 0, "张三")
        sheet.write_datetime(1, 1, datetime.datetime(1990, 1, 2), made.add_format({"num_format": "yyyy-mm-dd"}))

    assert look(book(fill, date_1904=True)).first_rows[0].cells[1] == "1990-01-02"


@pytest.mark.bad_input(47)
@pytest.mark.no_db
def test_47_a_lying_dimension_costs_nothing() -> None:
    import re

    content = _sheet_xml(lambda xml: re.sub(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:XFD1048576"', xml))
    assert look(content).count == 2


@pytest.mark.bad_input(47)
@pytest.mark.no_db
def test_47_string_index_out_of_range_is_an_answer() -> None:
    content = _sheet_xml(lambda xml: xml.replace(b"<v>3</v>", b"<v>99999</v>"))
    try:
        look(content)
    except FileRefused as refused:
        assert refused.finding in ("xlsx_damaged", "reader_died")


@pytest.mark.bad_input(47)
@pytest.mark.no_db
def test_47_hidden_sheets_are_not_read() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        first = made.add_worksheet("封面")
        second = made.add_worksheet("名单")
        second.activate()
        second.set_first_sheet()
        first.hide()
        second.write_row(0, 0, ["姓名"])
        second.write_row(1, 0, ["张三"])

    sheet = look(book(fill))
    assert sheet.sheet == "名单" and ("hidden_sheets", 1) in sheet.remarks


@pytest.mark.bad_input(46)
@pytest.mark.no_db
def test_a_real_bomb_is_stopped_by_ratio_before_parsing() -> None:
    packed = zlib.compress(b"0" * 50_000_000)
    assert len(packed) < 100_000
    with pytest.raises(FileRefused) as caught:
        look(with_part("xl/worksheets/sheet2.xml", b"0" * 50_000_000))
    assert caught.value.finding == "xlsx_ratio"


@pytest.mark.no_db
def test_more_rows_than_the_wizard_takes() -> None:
    with pytest.raises(FileRefused) as caught:
        look(TEXT.encode() + b"a,1,\n" * 50, max_rows=20)
    assert caught.value.finding == "too_many_rows"


@pytest.mark.no_db
def test_rows_with_cells_beyond_the_header_are_marked() -> None:
    sheet = look("姓名,手机号\n张三,1,杭州\n".encode())
    assert sheet.first_rows[0].found == {-1: "cells_beyond"}
