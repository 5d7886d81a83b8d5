"""The document as files: what Word and a PDF reader find is what was composed, in order, with nothing lost on the way."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
import typst
from django.utils import translation
from docx.document import Document as Word
from docx.oxml.ns import qn
from docx.table import Table as WordTable

from kexin.chapters.compliance.adapters import pdf, rendering, typesetting, word
from kexin.chapters.compliance.rules.document.blocks import Document, Row, Table, lines
from kexin.chapters.compliance.rules.document.composition import compose
from kexin.chapters.compliance.tests.completeness import absent, claims
from kexin.chapters.compliance.tests.editions import NAMES, composed, edition, shipped
from kexin.regime.rulebook import parse

pytestmark = pytest.mark.no_db
#: Frame of the Word file that is no line of the document.
FRAME = {"", "目录"}


def told(made: bytes) -> list[str]:
    """Every paragraph and every table row of a DOCX, in reading order; contents are left out."""
    found: list[str] = []
    for piece in docx.Document(io.BytesIO(made)).iter_inner_content():
        if isinstance(piece, WordTable):
            # python-docx looks the whole table over for every cell: read the XML.
            for row in piece._tbl.tr_lst:
                cells = [[_text(line) for line in cell.p_lst] for cell in row.tc_lst]
                found.append("\n".join(line for cell in cells for line in cell))
        elif piece.style is None or piece.style.name != "toc 1":
            found.append(piece.text)
    return [line for line in found if line.strip() not in FRAME]


def _text(paragraph: Any) -> str:
    return "".join(node.text or "" for node in paragraph.iter(qn("w:t")))


@pytest.mark.parametrize("name", NAMES)
def test_word_reads_what_was_composed_and_all_of_the_yaml(name: str) -> None:
    found = told(word.render(composed(name)))
    assert found == [line for line in lines(composed(name)) if line]
    assert not absent(found, claims(shipped()[name]))


PIECES = ("attributes", "purposes", "roles", "rules", "recipients", "pias", "training", "reviews", "sentences", "sharing")


@pytest.mark.parametrize("section", PIECES)
def test_the_docx_without_one_piece_is_found_out(section: str) -> None:
    whole = edition(shipped()["retail"])
    entries = getattr(whole.rulebook, section)
    if section == "rules":
        path, fewer = f"rules.{entries[-1].id}", entries[:-1]
    else:
        last = list(entries)[-1]
        path, fewer = f"{section}.{last}", {key: one for key, one in entries.items() if key != last}
    made = word.render(compose(replace(whole, rulebook=replace(whole.rulebook, **{section: fewer}))))
    assert path in absent(told(made), claims(shipped()["retail"]))


def opened(**more: Any) -> Word:
    return docx.Document(io.BytesIO(word.render(compose(edition(shipped()["retail"], **more)))))


def test_words_own_means() -> None:
    """Headings, contents, repeated heading rows, page numbers, East Asian fonts, A4: what people edit and print with."""
    made = opened()
    headings = [piece.text for piece in made.paragraphs if piece.style is not None and piece.style.name == "Heading 1"]
    assert headings == [part.heading for part in composed("retail").parts]
    for table in made.tables[1:]:
        first = table._tbl.tr_lst[0]
        assert first.trPr is not None and first.trPr.find(qn("w:tblHeader")) is not None
    codes = [node.text.strip() for node in made.element.body.iter(qn("w:instrText"))]
    assert codes == ['TOC \\o "1-1" \\h \\z \\u']
    footer = made.sections[0].footer._element
    assert [node.text.strip() for node in footer.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]
    assert "第3版" in made.sections[0].header.paragraphs[0].text and "KHXX-V003-" in made.sections[0].header.paragraphs[0].text
    for style, font in (("Normal", "宋体"), ("Heading 1", "黑体"), ("KX Article", "宋体"), ("Title", "黑体")):
        fonts = made.styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font and fonts.get(qn("w:asciiTheme")) is None
    sizes = {(section.page_width.cm, section.page_height.cm) for section in made.sections}
    assert {(round(width, 1), round(height, 1)) for width, height in sizes} == {(21.0, 29.7), (29.7, 21.0)}
    links = [node.get(qn("w:anchor")) for node in made.element.body.iter(qn("w:hyperlink"))]
    marks = {node.get(qn("w:name")) for node in made.element.body.iter(qn("w:bookmarkStart"))}
    assert len(links) == 17 and set(links) <= marks
    assert made.core_properties.author == "青禾家居（示例公司）" and made.core_properties.language == "zh-CN"


def test_tables_are_no_wider_than_their_page() -> None:
    made = opened()
    for table in made.tables:
        width = sum(int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.gridCol_lst)
        wide = len(table._tbl.tblGrid.gridCol_lst) in (5, 6) and width > 9200
        assert width <= (13_980 if wide else 9_100)


def test_drafts_carry_the_watermark_on_every_kind_of_page() -> None:
    for state, marked in (("draft", True), ("waiting", True), ("in_force", False)):
        made = opened(state=state, effective_at=None if marked else edition(shipped()["retail"]).effective_at)
        section = made.sections[0]
        for header in (section.header, section.first_page_header):
            shown = re.findall(r'string="([^"]+)"', header._element.xml)
            assert shown == (["草稿"] if marked else [])
        assert all(one.header.is_linked_to_previous for one in list(made.sections)[1:])


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_the_same_edition_gives_the_same_bytes(kind: str) -> None:
    if kind == "pdf" and not _fonts():
        return
    assert rendering.render(composed("retail"), kind=kind) == rendering.render(composed("retail"), kind=kind)


HOSTILE = "#panic(\"x\") $x$ *b* <w:t>&amp;</w:t> ]]> \\\\ {{ }} 【】“”"


def test_no_word_of_a_rulebook_is_read_as_markup() -> None:
    data = shipped()["retail"].decode()
    source = data.replace("拒绝或撤回非必需的同意，不影响购买和售后", HOSTILE.replace("\\", "\\\\").replace('"', '\\"'))
    source = source.replace("zh: " + HOSTILE.replace("\\", "\\\\").replace('"', '\\"'), 'zh: "' + HOSTILE.replace("\\", "\\\\").replace('"', '\\"') + '"')
    book = edition(source.encode())
    assert HOSTILE in book.rulebook.sentences["refusal"]["zh"]
    assert any(HOSTILE in line for line in told(word.render(compose(book))))
    if _fonts():
        assert squeezed(HOSTILE) in "".join(pages(pdf.render(compose(book))))


# --- PDF ------------------------------------------------------------------------------------------------------------


def _fonts() -> bool:
    """Whether this host has Chinese fonts; one that has none gets a sentence instead of boxes, and that is tested."""
    return typesetting.chosen(frozenset(typst.Fonts(include_embedded_fonts=False).families())) is not None


def squeezed(text: str) -> str:
    """Without blanks of any kind, which line breaks and justification put in."""
    return re.sub(r"[\s\u200b\u3000]+", "", text)


def pages(made: bytes) -> Iterator[str]:
    """Each page's text, squeezed, without running head and foot."""
    for page in pypdf.PdfReader(io.BytesIO(made)).pages:
        text = squeezed(page.extract_text())
        text = re.sub(r"^.*?KHXX-(?:V\d{3}|CG)-[0-9A-F]{8}(?:第\d+版|草稿)", "", text, count=1)
        yield re.sub(r"第\d+页共\d+页$", "", text.replace("草稿", "", 1) if text.startswith("草稿") else text)


def unprinted(made: bytes, document: Document) -> list[str]:
    """Texts of the document that its PDF does not have, looked for in their order; a row's cells may change places, and
    a page may end within a paragraph and repeat the heading row of its table."""
    heads = {squeezed("".join(column.title for column in table.columns)) for part in document.parts for table in part.blocks if isinstance(table, Table)}
    printed = ""
    for page in pages(made):
        head = max((one for one in heads if page.startswith(one)), key=len, default="")
        printed += page.removeprefix(head)
    missing, place = [], 0
    for line in list(lines(replace(document, cover=(), history=_EMPTY)))[2:]:
        found = [printed.find(squeezed(text), place) for text in line.split("\n") if squeezed(text) not in heads]
        if -1 in found and squeezed(line) not in heads:
            missing.append(line)
        place = max(place, min((one for one in found if one >= 0), default=place))
    return missing


_EMPTY = Table(caption="", columns=(), rows=())


@pytest.mark.parametrize("name", NAMES)
def test_the_pdf_has_every_text_in_its_place(name: str) -> None:
    if not _fonts():
        with pytest.raises(pdf.FontsMissing):
            pdf.render(composed(name))
        return
    made = pdf.render(composed(name))
    assert not unprinted(made, composed(name))


def test_a_pdf_without_one_row_is_found_out() -> None:
    if not _fonts():
        return
    whole = composed("retail")
    part = whole.parts[14]
    table = part.blocks[0]
    assert isinstance(table, Table)
    gone: Row = table.rows[7]
    fewer = replace(part, blocks=(replace(table, rows=tuple(one for one in table.rows if one is not gone)),))
    made = pdf.render(replace(whole, parts=(*whole.parts[:14], fewer, *whole.parts[15:])))
    assert unprinted(made, whole) == [gone.text]


CHILDREN = {
    typesetting.NO_FONTS: (pdf.FontsMissing, "没有中文字体", "fonts-noto-cjk"),
    typesetting.NO_TYPST: (rendering.ComponentMissing, "没有安装文档组件", "kexin[documents]"),
    -9: (pdf.NotSet, "排版没有完成", "Word"),
}


@pytest.mark.parametrize("code", CHILDREN)
def test_a_child_that_cannot_set_the_pages_is_one_sentence(code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problem, title, remedy = CHILDREN[code]
    child = tmp_path / "child.py"
    child.write_text(f"import os, sys\nos.kill(os.getpid(), 9) if {code} == -9 else sys.exit({code})\n")
    monkeypatch.setattr(typesetting, "__file__", str(child))
    with translation.override("zh-hans"), pytest.raises(problem) as told_so:
        pdf.render(composed("retail"))
    assert title in str(told_so.value.title) and remedy in str(told_so.value.remedy)


def test_a_child_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(typesetting, "__file__", str(child))
    monkeypatch.setattr(pdf, "WALL_S", 0.5)
    with pytest.raises(pdf.NotSet):
        pdf.render(composed("retail"))


def test_the_child_says_what_its_host_lacks() -> None:
    assert typesetting.chosen(frozenset({"DejaVu Sans", "Libertinus Serif"})) is None
    assert typesetting.chosen(frozenset({"WenQuanYi Zen Hei"})) == {"body": ["WenQuanYi Zen Hei"], "head": ["WenQuanYi Zen Hei"]}
    bare = [sys.executable, "-I", "-S", typesetting.__file__]
    assert subprocess.run(bare, input=b"{}", capture_output=True, check=False).returncode == typesetting.NO_TYPST


def test_a_process_that_hands_out_pdfs_does_not_grow() -> None:
    """Typst in the process itself kept ninety megabytes of every document."""
    if not _fonts():
        return
    before = _resident()
    for _time in range(2):
        pdf.render(composed("retail"))
    assert _resident() - before < 40 << 20


def _resident() -> int:
    """Bytes of this process's own in memory."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("RssAnon"))
    return int(line.split()[1]) << 10


def test_nothing_is_downloaded_for_a_page() -> None:
    """Typst fetches packages that a template imports; ours imports none, and reads no file."""
    template = resources.files("kexin.chapters.compliance.adapters").joinpath("rulebook.typ").read_text()
    code = re.sub(r"//.*", "", template)
    assert not re.search(r"#?\b(import|include|read|image|plugin|eval)\b\s*[(\"@]", code)


def test_the_docx_opens_without_anything_from_outside() -> None:
    with zipfile.ZipFile(io.BytesIO(word.render(composed("retail")))) as archive:
        assert archive.testzip() is None
        relations = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels"))
        assert 'TargetMode="External"' not in relations
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 28, 0, 0, 0)}


def test_the_parsed_book_is_the_one_on_the_cover() -> None:
    for name in NAMES:
        sha256 = parse(shipped()[name]).rulebook.sha256
        assert dict(composed(name).cover)["文件编号"] == f"KHXX-V003-{sha256[:8].upper()}"
        assert any(sha256 in line for line in lines(composed(name)))
