"""`kexin run`: everything of one installation under one roof, started in order, watched, stopped in reverse order."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from kexin.site import foreign
from kexin.site.instance import CLUSTERS, URL_VARIABLES, Instance
from kexin.site.postgres import Cluster, spawn
from kexin.site.words import gettext as _

#: A child that dies more often than this within the window is not restarted any more: something must be mended.
DEATHS, WINDOW_S = 5, 60.0
READY_S = 60.0
STOP_S = 20.0


class AlreadyRuns(RuntimeError):
    """Another launcher holds this KEXIN_HOME."""


class DoesNotCome(RuntimeError):
    """A part of the installation does not start."""


def is_embedded() -> bool:
    """Whether the clusters are ours. One URL without the other is a mistake."""
    given = [name for name in URL_VARIABLES.values() if os.environ.get(name, "").strip()]
    if len(given) == 1:
        missing = next(name for name in URL_VARIABLES.values() if name not in given)
        said = _("设置了 %(given)s，却没有设置 %(missing)s：请两个都设置，或都不设置")
        raise DoesNotCome(said % {"given": given[0], "missing": missing})
    return not given


@contextmanager
def alone(instance: Instance) -> Iterator[None]:
    """One launcher per folder. The lock dies with its process, so kill -9 leaves nothing to clean."""
    with (instance.run / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            said = _("%(folder)s 正由进程 %(pid)s 使用")
            raise AlreadyRuns(said % {"folder": instance.folder, "pid": file.read().strip() or "?"}) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def clusters(instance: Instance) -> Iterator[list[Cluster]]:
    """The embedded clusters while they are needed; nothing where the databases are somebody else's."""
    running: list[Cluster] = []
    try:
        if is_embedded():
            for name in CLUSTERS:
                cluster = Cluster(instance, name, make_user=True)
                running.append(cluster)
                cluster.start()
        yield running
    finally:
        for cluster in reversed(running):
            cluster.stop()


def set_up(instance: Instance, *, demo: bool) -> dict[str, Any]:
    """Roles, databases, tables, rights, keys, static files, in a process of its own that alone runs as owner."""
    command = [sys.executable, "-m", "kexin.site.setup", *(["--demo"] if demo else [])]
    environment = {**os.environ, "KEXIN_HOME": str(instance.folder), "KEXIN_ROLE": "owner"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    last = (done.stdout.splitlines() or [""])[-1]
    answer: dict[str, Any] = json.loads(last) if last.startswith("{") else {}
    if done.returncode:
        raise DoesNotCome(answer.get("detail") or _("安装没有完成，原因见上面几行"))
    return answer


def warnings(facts: Mapping[str, Any]) -> list[str]:
    """What set-up allowed and nobody should overlook."""
    return [_("注意：%(said)s") % {"said": foreign.shared_server()}] if facts.get("one_server") else []


@dataclass(slots=True)
class Child:
    """One watched process. ``deaths`` are the instants (monotonic seconds) of its unexpected ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        # Should we be killed, the databases go at the same moment: a worker waiting to say farewell would hang.
        sign = signal.SIGKILL if self.name == "worker" else signal.SIGTERM
        self.process = spawn(self.command, sign=sign, env=dict(self.environment), stdin=subprocess.DEVNULL)

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def children(instance: Instance, *, port: int) -> list[Child]:
    """The processes of an installation in the order in which they start."""
    base = {**os.environ, "KEXIN_HOME": str(instance.folder), "KEXIN_PORT": str(port)}
    # An administrator's URL is for set-up alone: what serves gets the place without the password.
    for variable in URL_VARIABLES.values():
        base.pop(variable, None)
    python = [sys.executable, "-m"]
    web = [
        *python, "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", os.environ.get("KEXIN_WEB_WORKERS", "2"), "--blocking-threads", "1", "--no-ws",
        "--log-level", "warning", "--workers-kill-timeout", "10", "kexin.site.wsgi:application",
    ]  # fmt: skip
    found = []
    if not os.environ.get("KEXIN_WITNESS_URL", "").strip():
        found.append(Child("witness", [*python, "kexin.site.processes", "witness"], base))
    found.append(Child("sequencer", [*python, "kexin.site.processes", "sequencer"], {**base, "KEXIN_ROLE": "sequencer"}))
    found.append(Child("worker", [*python, "kexin.site.processes", "worker"], {**base, "KEXIN_ROLE": "worker"}))
    found.append(Child("web", web, {**base, "KEXIN_ROLE": "web"}))
    return found


def health(port: int) -> dict[str, Any] | None:
    """What /healthz says, None while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            document: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            document = json.load(error)
        except ValueError:
            return None  # somebody answers, but not yet with a document: still starting
    except (OSError, ValueError):
        return None
    return document


class House:
    """The children together."""

    def __init__(self, instance: Instance, *, port: int, say: Callable[[str], None]) -> None:
        self.port = port
        self.say = say
        self.children = children(instance, port=port)
        self.stopping = False

    def start(self) -> None:
        """Start all and wait until the web answers and every part is well, or say which is not."""
        for child in self.children:
            child.start()
        end = time.monotonic() + READY_S
        seen: dict[str, Any] | None = None
        while time.monotonic() < end and not self.stopping:
            if any(child.died() for child in self.children):
                names = ", ".join(child.name for child in self.children if child.died())
                raise DoesNotCome(_("%(names)s 一启动就结束了，原因见上面几行") % {"names": names})
            seen = health(self.port)
            if seen and seen["status"] == "ok":
                return
            time.sleep(0.1)
        if self.stopping:
            return
        if seen is None:
            raise DoesNotCome(_("端口 %(port)d 上没有应答") % {"port": self.port})
        bad = [name for name, part in seen["parts"].items() if part["status"] != "ok"]
        self.say(_("还没有就绪：%(names)s") % {"names": ", ".join(bad)})

    def watch(self) -> None:
        """Until asked to stop: a child that dies is started again, unless it keeps dying."""
        while not self.stopping:
            for child in self.children:
                if child.died() and not self.stopping:
                    self._again(child)
            time.sleep(0.3)

    def _again(self, child: Child) -> None:
        now = time.monotonic()
        child.deaths = [at for at in child.deaths if now - at < WINDOW_S] + [now]
        if len(child.deaths) >= DEATHS:
            said = _("%(name)s 在 %(window)d 秒内结束了 %(deaths)d 次，不再重启")
            raise DoesNotCome(said % {"name": child.name, "deaths": DEATHS, "window": WINDOW_S})
        self.say(_("%(name)s 结束了，正在重新启动") % {"name": child.name})
        child.start()

    def stop(self) -> None:
        """In reverse order: first nobody new comes in, at last the ledger's lines are delivered."""
        for child in reversed(self.children):
            child.stop()

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def port_is_free(port: int) -> bool:
    """Whether our port can be taken."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def known_rulebook(key: str, *, demo: bool) -> None:
    """Refuse, before anything is made, a rulebook that does not ship with the product, and any beside a demo."""
    from kexin.regime.rulebook.defaults import shipped

    if key and demo:
        raise DoesNotCome("the demo company brings its own rulebook: leave out --rulebook or --demo")
    if key and key not in shipped():
        raise DoesNotCome(f"--rulebook {key!r}: one of {', '.join(shipped())} (`kexin rulebook defaults` says for whom)")


def first_rulebook(instance: Instance, key: str) -> dict[str, Any]:
    """Put a shipped rulebook in force where there is none, in a process of its own with the rights of the web."""
    done = _as_web(instance, "rulebook", "install", key, "--once")
    if done.returncode:
        raise DoesNotCome(f"the rulebook {key} could not be put in force; the lines above say why")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def _as_web(instance: Instance, *command: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
    """One `kexin` command answered as JSON. Asked in a process of its own with the rights of the web, because this one may
    be an administrator's."""
    kept = {key: value for key, value in os.environ.items() if key not in URL_VARIABLES.values()}
    environment = {**kept, "KEXIN_HOME": str(instance.folder), "KEXIN_ROLE": "web"}
    if port is not None:
        environment["KEXIN_PORT"] = str(port)
    words = [sys.executable, "-m", "kexin.site.cli", *command, "--json"]
    return subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=False)


def greeting(instance: Instance, *, port: int, demo: bool) -> list[str]:
    """Whom to sign in as in a demo; in a real installation what is missing before anybody can work, with the remedy."""
    done = _as_web(instance, "people", "list" if demo else "start", port=port)
    if done.returncode:
        return [_("谁可以登录：kexin people list")]
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not demo:
        return [str(line) for line in facts["lines"]]
    people = [f"  {row['staff_no']}  {row['name']}  {row['posts_text']}" for row in facts["people"]]
    return [_("演示账号，在首页点一下即登录（工号、姓名、岗位）："), *people]


def run(
    *, demo: bool, port: int, say: Callable[[str], None], load_demo: Callable[[Instance], None], rulebook: str = ""
) -> None:
    """Start everything, say where it is, and stay until Ctrl-C or SIGTERM. ``rulebook``: the shipped one that a new
    installation begins with."""
    known_rulebook(rulebook, demo=demo)
    instance = Instance()
    instance.create(embedded=is_embedded())
    with alone(instance):
        for wanted in (port, port + 1):
            if not port_is_free(wanted):
                said = _("端口 %(port)d 已被占用：请停掉占用它的程序，或设置 KEXIN_PORT（要连着的两个端口）")
                raise DoesNotCome(said % {"port": wanted})
        house = House(instance, port=port, say=say)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, house.ask_to_stop)
        with clusters(instance):
            facts = set_up(instance, demo=demo)
            for line in warnings(facts):
                say(line)
            try:
                if not house.stopping:
                    house.start()
                if facts["demo"] and not house.stopping:
                    load_demo(instance)
                elif rulebook and not house.stopping:
                    first_rulebook(instance, rulebook)
                if not house.stopping:
                    say(_("客信：http://localhost:%(port)d   （Ctrl-C 停止）") % {"port": port})
                    for line in greeting(instance, port=port, demo=facts["demo"]):
                        say(line)
                    house.watch()
            finally:
                house.stop()
        say(_("已停止"))


