"""A whole installation as a newcomer gets it (`kexin run --demo`), and a browser in front of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from kexin.site.instance import Instance

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "build" / "screens"
READY_S = 240
#: Names of the demo company, by the post that signs in.
PEOPLE = {"steward": "沈佩", "sales": "林晓雯", "dpo": "王敏", "auditor": "唐静", "head": "周立群"}


@dataclass(frozen=True, slots=True)
class Installation:
    """A running installation: its folder, its address, its process."""

    home: Path
    url: str
    process: subprocess.Popen[bytes]

    @property
    def instance(self) -> Instance:
        """The folder as the product reads it."""
        return Instance(self.home)

    def kexin(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the shell as a person of the company would."""
        command = [sys.executable, "-m", "kexin.site.cli", *arguments]
        environment = _environment(self.home, int(self.url.rsplit(":", 1)[1]))
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        if check and done.returncode:
            raise AssertionError(f"kexin {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done


def _environment(home: Path, port: int) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_", "DATABASE_"))}
    kept.pop("KEYRING_DATABASE_URL", None)
    for name in ("KEXIN_PG_BIN", "KEXIN_STATIC"):
        if os.environ.get(name):
            kept[name] = os.environ[name]
    kept.pop("KEXIN_STATIC", None)
    return {**kept, "KEXIN_HOME": str(home), "KEXIN_PORT": str(port), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (OSError, ValueError):
        return False


@pytest.fixture(scope="session")
def running() -> Iterator[Installation]:
    """`kexin run --demo` in an empty folder, until the journeys are over."""
    home = Path(tempfile.mkdtemp(prefix="kexin-journey-"))
    port = _free_port()
    url = f"http://localhost:{port}"
    log = (home.parent / f"{home.name}.log").open("w+b")
    command = [sys.executable, "-m", "kexin.site.cli", "run", "--demo"]
    process = subprocess.Popen(command, env=_environment(home, port), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_S
        while not _healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise AssertionError("`kexin run --demo` does not come up:\n" + log.read().decode(errors="replace")[-6000:])
            time.sleep(0.5)
        yield Installation(home, url, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        log.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; root needs its sandbox off."""
    if os.environ.get("KEXIN_NO_BROWSER") == "1":
        pytest.skip("KEXIN_NO_BROWSER=1 leaves the browser journeys out")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("the journeys need Chromium: install the package chromium, or set KEXIN_NO_BROWSER=1")
    quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=[*quiet, *sandbox])
        yield started
        started.close()


class Complaints(list[str]):
    """What the browser's console and the network complained about on one page."""


@pytest.fixture
def open_as(running: Installation, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Sign in as a post of the demo company: ``open_as("sales")``. Console errors fail the journey."""
    contexts: list[BrowserContext] = []
    complaints: Complaints = Complaints()

    def sign_in(role: str, *, width: int = 1440, height: int = 900, language: str = "zh-CN") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language, accept_downloads=True)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=running.url)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{running.url}/")
        page.locator(".kx-person", has_text=PEOPLE[role]).click()
        page.wait_for_load_state()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    # A refusal that a journey asks for on purpose answers 4xx, which Chromium prints; everything else is a defect.
    unexpected = [text for text in complaints if not re.search(r"status of (403|404|409|410|422|429)", text)]
    assert not unexpected, unexpected


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot for eyes under build/screens/."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=str(SCREENS / f"{name}.png"), full_page=False)

    return take
