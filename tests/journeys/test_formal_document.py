"""Counsel takes the formal 制度 out of the house; a word processor opens it, and it says what the rulebook says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Page

from kexin.chapters.compliance.tests.completeness import claims
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

BLANKS = re.compile(r"[\s\u200b\u3000]+")


def download(page: Page, address: str, folder: Path) -> Path:
    """The file as the browser saves it."""
    with page.expect_download() as coming:
        page.evaluate("address => { location.href = address }", address)
    target = folder / coming.value.suggested_filename
    coming.value.save_as(target)
    return target


def converted(document: Path, folder: Path) -> Path:
    """What LibreOffice makes of it, in a folder and with a profile of its own."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.fail("this journey needs LibreOffice: install libreoffice-writer-nogui, or set KEXIN_NO_BROWSER=1", pytrace=False)
    command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore", "--convert-to", "pdf"]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(document)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    made = folder / f"{document.stem}.pdf"
    assert done.returncode == 0 and made.exists(), done.stdout + done.stderr
    return made


def unsaid(printed: Path, source: bytes) -> set[str]:
    """Texts that the rulebook has and the printed pages have not."""
    text = BLANKS.sub("", "".join(page.extract_text() for page in pypdf.PdfReader(printed).pages))
    wanted = {needle for claim in claims(source) for needle in claim.line}
    return {needle for needle in wanted if BLANKS.sub("", needle) not in text}


def test_the_formal_document_leaves_the_house_and_opens(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    yaml = tmp_path / "rulebook.yaml"
    running.answer("rulebook", "export", str(yaml))
    number = next(one["number"] for one in running.answer("rulebook", "list")["versions"] if one["state"] == "in_force")
    page = open_as("counsel")
    (tmp_path / "word").mkdir()
    document = download(page, f"{running.url}/rulebook/versions/{number}/document.docx", tmp_path / "word")
    printed = download(page, f"{running.url}/rulebook/versions/{number}/document.pdf", tmp_path)
    assert document.name.startswith(f"青禾家居客户信息管理制度-v{number}-") and printed.suffix == ".pdf"

    from_word = converted(document, tmp_path / "word")
    for made in (from_word, printed):
        assert not unsaid(made, yaml.read_bytes()), made
        assert len(pypdf.PdfReader(made).pages) > 40
    fonts = {str(font["/BaseFont"]) for font in _fonts(from_word)}
    assert fonts and not any("LastResort" in font for font in fonts)

    by_shell = tmp_path / "shell.docx"
    running.answer("rulebook", "export", str(by_shell), "--format", "docx")
    assert by_shell.read_bytes() == document.read_bytes()


def _fonts(made: Path) -> list[dict[str, object]]:
    """The fonts of a PDF's pages."""
    found = []
    for page in pypdf.PdfReader(made).pages:
        fonts = page["/Resources"].get_object().get("/Font")
        found += [font.get_object() for font in fonts.get_object().values()] if fonts else []
    return found
