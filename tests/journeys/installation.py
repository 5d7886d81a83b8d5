"""One installation as a newcomer gets it: `kexin run --demo` in an empty folder, stopped by Ctrl-C, started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

import kexin.evidence
from kexin.site.instance import Instance

READY_S = 300
STOP_S = 60
VERIFIER = Path(kexin.evidence.__file__).parent / "verifier.py"


@dataclass(slots=True)
class Installation:
    """A running installation: its folder, its port, its process and what that printed."""

    home: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None
    #: Processes of the running installation, to prove later that none is left.
    pids: set[int] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address that `kexin run` prints."""
        return f"http://localhost:{self.port}"

    @property
    def instance(self) -> Instance:
        """The folder as the product reads it."""
        return Instance(self.home)

    @property
    def temporary(self) -> Path:
        """Where its processes put what they call temporary; searched for canaries."""
        return self.home.with_suffix(".tmp")

    def environment(self, **more: str) -> dict[str, str]:
        """What a shell of this installation has, without what the tests themselves set."""
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_", "DATABASE_", "KEYRING_"))}
        if os.environ.get("KEXIN_PG_BIN"):
            outer["KEXIN_PG_BIN"] = os.environ["KEXIN_PG_BIN"]
        own = {"KEXIN_HOME": str(self.home), "KEXIN_PORT": str(self.port), "KEXIN_LANG": "en", "PYTHONUNBUFFERED": "1"}
        own |= {"TMPDIR": str(self.temporary)} if self.temporary.exists() else {}
        return {**outer, **own, **more}

    def start(self) -> None:
        """`kexin run --demo`, until it has printed its address."""
        command = [sys.executable, "-m", "kexin.site.cli", "run", "--demo"]
        with self.log.open("ab") as log:
            begun = self.log.stat().st_size
            self.process = subprocess.Popen(
                command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )  # fmt: skip
        deadline = time.monotonic() + READY_S
        while f"Kexin: {self.url}".encode() not in self.log.read_bytes()[begun:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("`kexin run --demo` does not come up:\n" + self.said()[-6000:])
            time.sleep(0.2)
        self.pids = descendants(self.process.pid)

    def stop(self) -> None:
        """Ctrl-C: the terminal sends SIGINT to every process of the foreground group."""
        if self.process is None or self.process.poll() is not None:
            return
        self.pids |= descendants(self.process.pid)
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=STOP_S)

    def kill(self) -> None:
        """Whatever a failed journey left behind."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            for pid in self.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def said(self) -> str:
        """Everything that `kexin run` printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def health(self) -> dict[str, Any]:
        """What /healthz says."""
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def people(self) -> int:
        """Records in the vault, counted past the product."""
        with psycopg.connect(self.instance.address("main", "admin").url(), dbname="kexin") as link:
            row = link.execute("SELECT count(*) FROM vault_subject").fetchone()
        assert row is not None
        return int(row[0])

    def kexin(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """The shell as a person of the company uses it. ``code``: the exit code that is expected, None for any."""
        command = [sys.executable, "-m", "kexin.site.cli", *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=300, check=False)
        if code is not None and done.returncode != code:
            raise AssertionError(f"kexin {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def answer(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The same with --json, read."""
        found: dict[str, Any] = json.loads(self.kexin(*arguments, "--json", code=code).stdout)
        return found

    def api(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """One call of the API with the steward's token."""
        token = (self.home / "cli-token").read_text(encoding="utf-8").strip()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, headers={
            "Authorization": f"Bearer {token}", "Content-Type": "application/json",
            **{key.replace("_", "-"): value for key, value in headers.items()},
        })  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def prepare() -> Installation:
    """An empty folder and two free ports in a row."""
    home = Path(tempfile.mkdtemp(prefix="kexin-journey-"))
    made = Installation(home, _free_port(), home.with_suffix(".log"))
    made.temporary.mkdir()
    made.temporary.chmod(0o1777)  # root's clusters run as another user
    return made


def _free_port() -> int:
    """The web takes the port, the witness the one after it."""
    for _attempt in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two free ports in a row")


def descendants(pid: int) -> set[int]:
    """The process and everything below it, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> dict[int, str]:
    """Which of them still run, with their command lines; a zombie has ended."""
    found: dict[int, str] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state != "Z":
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return found


def verify_alone(folder: Path, file: Path, *, trust: Path) -> subprocess.CompletedProcess[str]:
    """The stand-alone verifier as an outsider runs it: another folder, one script, one public file, no Kexin, no key."""
    folder.mkdir(exist_ok=True)
    (folder / "kexin-verify.py").write_bytes(VERIFIER.read_bytes())
    (folder / "trust.json").write_bytes(trust.read_bytes())
    (folder / file.name).write_bytes(file.read_bytes())
    # -I: neither this environment's variables nor its packages by path; -S would be the packages too.
    command = [sys.executable, "-I", "-S", "kexin-verify.py", file.name, "--trust", "trust.json", "--json"]
    return subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
