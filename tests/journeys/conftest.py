"""A whole installation as a newcomer gets it (`kexin run --demo`), and a browser in front of it.

All journeys share one installation, so they belong to one group of the test run and have an order: what stops or
damages the installation comes last.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.installation import Installation, prepare

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SCREENS = ROOT / "build" / "screens"
TIMEOUT_S = 420
#: Names of the demo company, by the post that signs in.
PEOPLE = {
    "head": "周立群", "dpo": "王敏", "sales_lead": "高远", "sales": "林晓雯", "agent": "赵可心", "marketer": "陆一鸣",
    "steward": "沈佩", "auditor": "唐静", "analyst": "韩知远", "security_admin": "郑海峰", "system_admin": "何志强",
    "counsel": "许文清", "finance": "冯雅琴",
}  # fmt: skip
ORDER = (
    "test_formal_document", "test_import_a_file", "test_sales_finds_and_looks", "test_delete_and_prove", "test_shell",
    "test_every_page", "test_payloads", "test_canary", "test_newcomer", "test_auditor_verifies",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys stand first, because they are the longest piece of work, and in one group, in their order."""
    journeys = [item for item in items if HERE in item.path.parents]
    for item in journeys:
        item.add_marker(pytest.mark.xdist_group("journeys"))
        item.add_marker(pytest.mark.timeout(TIMEOUT_S))
    journeys.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else -1)
    items[:] = [*journeys, *(item for item in items if HERE not in item.path.parents)]


@pytest.fixture(scope="session")
def running() -> Iterator[Installation]:
    """`kexin run --demo` in an empty folder, until the journeys are over. KEXIN_JOURNEYS="FOLDER PORT" takes one that
    runs already (for whoever writes journeys; those that stop or damage it are left out)."""
    given = os.environ.get("KEXIN_JOURNEYS", "").split()
    if given:
        yield Installation(Path(given[0]), int(given[1]), Path(tempfile.gettempdir()) / "none")
        return
    installation = prepare()
    try:
        installation.start()
        yield installation
    finally:
        installation.kill()
        shutil.rmtree(installation.home, ignore_errors=True)
        shutil.rmtree(installation.temporary, ignore_errors=True)
        installation.log.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def own(running: Installation) -> Installation:
    """The same, for journeys that stop or damage it."""
    if running.process is None:
        pytest.skip("this installation is somebody's own")
    return running


def chromium() -> str:
    """Where the system's Chromium is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("the journeys need Chromium: install the package chromium, or set KEXIN_NO_BROWSER=1", pytrace=False)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; root needs its sandbox off."""
    path = chromium()
    # Playwright's synchronous interface keeps an event loop running in this process; Django's guard would take every
    # later test of this worker for asynchronous code. There is none in this house.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=[*quiet, *sandbox])
        yield started
        started.close()


#: A refusal that a journey asks for on purpose answers 4xx, which Chromium prints; everything else is a defect.
EXPECTED = re.compile(r"status of (403|404|405|409|410|413|422|429)")


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console complained about; anything unexpected (a refused script, too) fails the journey."""
    heard: list[str] = []
    yield heard
    unexpected = [text for text in heard if not EXPECTED.search(text)]
    assert not unexpected, unexpected


@pytest.fixture
def open_as(running: Installation, browser: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Sign in as a post of the demo company: ``open_as("sales")``; ``more`` are Playwright's options of a context."""
    contexts: list[BrowserContext] = []

    def sign_in(role: str, *, width: int = 1440, height: int = 900, language: str = "zh-CN", scheme: str = "light", **more: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, accept_downloads=True, color_scheme=scheme, **more
        )
        contexts.append(context)
        if not language.startswith("zh"):  # Chinese first: only a choice changes the language, never the browser's own
            context.add_cookies([{"name": "language", "value": language[:2], "url": running.url}])
        context.set_default_timeout(20_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=running.url)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda line: complaints.append(f"{page.url}: {line.text}") if line.type == "error" else None)
        page.goto(f"{running.url}/")
        page.locator(".kx-person", has_text=PEOPLE[role]).click()
        page.locator(".kx-me").wait_for()
        return page

    yield sign_in
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot for eyes under build/screens/."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(SCREENS / f"{name}.png"), full_page=False)

    return take
