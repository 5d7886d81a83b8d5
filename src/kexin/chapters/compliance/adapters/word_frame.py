"""What frames a Word document: styles and fonts, page, header and footer, watermark, contents, and the XML of tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from kexin.chapters.compliance.rules.document.blocks import Document

BODY, HEAD, LATIN = "宋体", "黑体", "Times New Roman"
#: Another name of the same font, for hosts that know it by that.
_ALSO = {BODY: "SimSun", HEAD: "SimHei"}
#: Usable width in twentieths of a point, upright and on the side (A4 with margins of 2.5 cm).
_WIDTH, _WIDE = 9070, 13_950
_GREY = "8A8F98"
#: name, based on, size in points, East Asian font, bold, alignment, first-line indent, before, after, line spacing
_STYLES = (
    ("KX Company", "Normal", 18, HEAD, False, "center", 0, 110, 30, 1.3),
    ("KX Cover", "Normal", 12, BODY, False, "left", 0, 6, 6, 1.2),
    ("KX Contents", "Normal", 15, HEAD, True, "center", 0, 12, 12, 1.3),
    ("KX Article", "Normal", 10.5, BODY, False, "both", 21, 0, 4, 1.45),
    ("KX Cell", "Normal", 8.5, BODY, False, "left", 0, 1, 1, 1.1),
    ("KX Small Cell", "Normal", 7.5, BODY, False, "left", 0, 1, 1, 1.05),
    ("KX Cell Head", "Normal", 8.5, HEAD, True, "center", 0, 2, 2, 1.1),
    ("KX After Table", "Normal", 6, BODY, False, "left", 0, 0, 0, 1.0),
    ("Caption", "Normal", 9.5, HEAD, True, "center", 0, 8, 4, 1.2),
    ("Title", "Normal", 28, HEAD, True, "center", 0, 20, 130, 1.3),
    ("Heading 1", "Normal", 15, HEAD, True, "center", 0, 18, 12, 1.3),
    ("toc 1", "Normal", 11, BODY, False, "left", 0, 2, 2, 1.4),
)  # fmt: skip
_ALIGN = {"center": WD_ALIGN_PARAGRAPH.CENTER, "left": WD_ALIGN_PARAGRAPH.LEFT, "both": WD_ALIGN_PARAGRAPH.JUSTIFY}


def prepare(word: Any, document: Document) -> None:
    """Fonts, styles, page, header, footer, properties of an empty document."""
    _defaults(word)
    for style in _STYLES:
        _style(word, *style)
    label = word.styles.add_style("KX Label", WD_STYLE_TYPE.CHARACTER)
    label.font.bold = True
    _fonts(label.element.get_or_add_rPr(), HEAD)
    _page(word.sections[0])
    _header(word.sections[0], document)
    _footer(word.sections[0])
    day = datetime.fromisoformat(document.on).replace(tzinfo=UTC)
    told = word.core_properties
    told.title, told.author, told.subject, told.language = document.title, document.company, document.edition, "zh-CN"
    told.created = told.modified = day
    told.comments, told.last_modified_by = "", document.company
    settings = word.settings.element
    settings.append(parse_xml(f'<w:updateFields {nsdecls("w")} w:val="true"/>'))


def _defaults(word: Any) -> None:
    """宋体 for Chinese and a serif for Latin everywhere; themes would bring fonts of another language back."""
    defaults = word.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for child in list(defaults):
        if child.tag in (qn("w:rFonts"), qn("w:lang")):
            defaults.remove(child)
    _fonts(defaults, BODY)
    defaults.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'))
    normal = word.styles["Normal"]
    normal.font.size = Pt(10.5)
    _fonts(normal.element.get_or_add_rPr(), BODY)
    known = next((part for part in word.part.package.iter_parts() if str(part.partname) == "/word/fontTable.xml"), None)
    if known is not None:
        known._blob = _font_table().encode()


def _font_table() -> str:
    """Names under which a host may know the fonts, so that another application finds a like one."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{also}"/><w:charset w:val="86"/><w:family w:val="auto"/>'
        f'<w:pitch w:val="variable"/></w:font>'
        for name, also in _ALSO.items()
    )
    latin = f'<w:font w:name="{LATIN}"><w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>'
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}{latin}</w:fonts>'


def _fonts(properties: Any, east_asian: str) -> None:
    found = properties.find(qn("w:rFonts"))
    if found is None:
        found = OxmlElement("w:rFonts")
        properties.insert(0, found)
    found.attrib.clear()
    # The hint gives quotation marks and dashes the Chinese width.
    for name, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", east_asian), ("hint", "eastAsia")):
        found.set(qn(f"w:{name}"), font)


def _style(word: Any, name: str, base: str, size: float, font: str, bold: bool, align: str,
           indent: float, before: float, after: float, spacing: float) -> None:  # fmt: skip
    styles = word.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = styles[base]
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    _fonts(style.element.get_or_add_rPr(), font)
    properties = style.element.get_or_add_pPr()
    for rule in properties.findall(qn("w:pBdr")):
        properties.remove(rule)
    layout = style.paragraph_format
    layout.alignment = _ALIGN[align]
    layout.first_line_indent = Pt(indent)
    layout.space_before, layout.space_after, layout.line_spacing = Pt(before), Pt(after), spacing
    layout.keep_with_next = name in ("Heading 1", "Caption", "KX Contents")
    if name == "toc 1":
        layout.tab_stops.add_tab_stop(Pt(_WIDTH / 20), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _page(section: Any) -> None:
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.7), Cm(2.3)
    section.header_distance, section.footer_distance = Cm(1.5), Cm(1.2)
    section.different_first_page_header_footer = True


def turn(word: Any, *, wide: bool) -> None:
    """Begin a new section on a page that lies on its side, or stands again."""
    section = word.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Cm(29.7), Cm(21)) if wide else (Cm(21), Cm(29.7))
    section.different_first_page_header_footer = False


def _header(section: Any, document: Document) -> None:
    line = section.header.paragraphs[0]
    line.text = f"{document.company}　{document.title}　　{document.cover[0][1]}　{document.edition}"
    _small(line)
    line._p.get_or_add_pPr().append(
        parse_xml(f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="4" w:space="1" w:color="{_GREY}"/></w:pBdr>')
    )
    if document.watermark:
        for place, header in enumerate((section.header, section.first_page_header)):
            header.paragraphs[0]._p.append(_watermark(document.watermark, place))


def _small(line: Any) -> None:
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for run in line.runs:
        run.font.size = Pt(8.5)
        _fonts(run._r.get_or_add_rPr(), HEAD)


def _footer(section: Any) -> None:
    line = section.footer.paragraphs[0]
    line.add_run("第 ")
    field(line, "PAGE", "1")
    line.add_run(" 页　共 ")
    field(line, "NUMPAGES", "1")
    line.add_run(" 页")
    _small(line)


def _watermark(word: str, place: int) -> Any:
    """Word's own kind of watermark: a text path behind the page, anchored in the header."""
    shape = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"><w:pict>'
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" path="m@7,l@8,m@5,21600l@6,21600e">'
        '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
        f'<v:shape id="KexinWatermark{place}" o:spid="_x0000_s{2049 + place}" type="#_x0000_t136" style="position:absolute;'
        "margin-left:0;margin-top:0;width:360pt;height:180pt;rotation:315;z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;mso-position-vertical:center;"
        'mso-position-vertical-relative:margin" o:allowincell="f" fillcolor="#d9d9d9" stroked="f"><v:fill opacity=".5"/>'
        f'<v:textpath style="font-family:&quot;{HEAD}&quot;;font-size:1pt" string="{word}"/></v:shape></w:pict></w:r>'
    )
    return parse_xml(shape)


def field(paragraph: Any, code: str, shown: str) -> None:
    """A field that Word and others work out themselves; ``shown`` stands until they have."""
    _mark(paragraph, "begin")
    _code(paragraph, code)
    _mark(paragraph, "separate")
    paragraph.add_run(shown)
    _mark(paragraph, "end")


def contents(word: Any, headings: list[str]) -> None:
    """The table of contents as a field, filled in already with entries that lead to their part. Word writes the page
    numbers when it brings fields up to date; readers that do not show the entries alone, and no number that is wrong."""
    first = word.add_paragraph(style="toc 1")
    _mark(first, "begin")
    _code(first, 'TOC \\o "1-1" \\h \\z \\u')
    _mark(first, "separate")
    line = first
    for place, heading in enumerate(headings):
        line = word.add_paragraph(style="toc 1") if place else first
        link = _element("w:hyperlink", {"w:anchor": f"_Toc{place:03d}", "w:history": "1"})
        link.append(line.add_run(heading)._r)
        line._p.append(link)
    _mark(line, "end")


def _mark(paragraph: Any, kind: str) -> None:
    paragraph.add_run()._r.append(_element("w:fldChar", {"w:fldCharType": kind}))


def _code(paragraph: Any, code: str) -> None:
    text = _element("w:instrText", {"xml:space": "preserve"})
    text.text = f" {code} "
    paragraph.add_run()._r.append(text)


def bookmark(paragraph: Any, place: int) -> None:
    """The place that an entry of the contents points at."""
    begin = parse_xml(f'<w:bookmarkStart {nsdecls("w")} w:id="{place}" w:name="_Toc{place:03d}"/>')
    end = parse_xml(f'<w:bookmarkEnd {nsdecls("w")} w:id="{place}"/>')
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, begin)
    paragraph._p.append(end)


def page_break(word: Any) -> None:
    """The next thing begins a page."""
    word.add_paragraph(style="KX After Table").add_run().add_break(WD_BREAK.PAGE)


def widths(table: Any, shares: tuple[int, ...], *, wide: bool = False, share: float = 1.0) -> None:
    """Fixed columns by their shares of the page's width; nothing is measured by whoever opens the file."""
    total = int((_WIDE if wide else _WIDTH) * share)
    properties = table._tbl.tblPr
    for name in ("w:tblW", "w:tblLayout", "w:jc", "w:tblCellMar"):
        for found in properties.findall(qn(name)):
            properties.remove(found)
    margins = OxmlElement("w:tblCellMar")
    margins.extend(_element(side, {"w:w": "60", "w:type": "dxa"}) for side in ("w:left", "w:right"))
    told = (
        _element("w:tblW", {"w:w": str(total), "w:type": "dxa"}),
        _element("w:jc", {"w:val": "center"}),
        _element("w:tblLayout", {"w:type": "fixed"}),
        margins,
    )
    look = properties.find(qn("w:tblLook"))
    for element in told:
        if look is None:
            properties.append(element)
        else:
            look.addprevious(element)
    for column, each in zip(table._tbl.tblGrid.gridCol_lst, shares, strict=True):
        column.set(qn("w:w"), str(total * each // sum(shares)))


def fill(table: Any, cells: tuple[tuple[str, ...], ...], *, style: str, heading: bool = False, whole: bool = True,
         centred: tuple[bool, ...] = ()) -> None:  # fmt: skip
    """Append one row. Written as XML at once: python-docx looks a whole table over for every cell."""
    row = OxmlElement("w:tr")
    if heading or whole:
        properties = OxmlElement("w:trPr")
        for name in (*(("w:cantSplit",) if whole else ()), *(("w:tblHeader",) if heading else ())):
            properties.append(OxmlElement(name))
        row.append(properties)
    code = table.part.document.styles[style].style_id
    for place, (lines, column) in enumerate(zip(cells, table._tbl.tblGrid.gridCol_lst, strict=True)):
        row.append(_cell(lines, column.get(qn("w:w")), code, heading=heading, middle=place < len(centred) and centred[place]))
    table._tbl.append(row)


def _cell(lines: tuple[str, ...], width: str, code: str, *, heading: bool, middle: bool) -> Any:
    cell = OxmlElement("w:tc")
    properties = OxmlElement("w:tcPr")
    for name, attributes in (
        ("w:tcW", {"w:w": width, "w:type": "dxa"}),
        *((("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": "EEF1F4"}),) if heading else ()),
        ("w:vAlign", {"w:val": "center"}),
    ):
        properties.append(_element(name, attributes))
    cell.append(properties)
    for line in lines:
        paragraph, layout, run, text = (OxmlElement(name) for name in ("w:p", "w:pPr", "w:r", "w:t"))
        layout.append(_element("w:pStyle", {"w:val": code}))
        if middle:
            layout.append(_element("w:jc", {"w:val": "center"}))
        text.text = line
        text.set(qn("xml:space"), "preserve")
        run.append(text)
        paragraph.extend((layout, run))
        cell.append(paragraph)
    return cell


def _element(name: str, attributes: dict[str, str]) -> Any:
    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(key), value)
    return element
