"""An examination of one installation: each finding is one sentence, and a remedy where something is wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from kexin.site import foreign, launcher, postgres
from kexin.site.instance import CLUSTERS, ROLES, URL_VARIABLES, Instance
from kexin.site.words import gettext as _

#: Below this a cluster may stop in the middle of a checkpoint.
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One examined thing. ``warns``: allowed, and worth a second thought."""

    what: str
    ok: bool
    remedy: str = ""
    warns: bool = False

    @property
    def line(self) -> str:
        """As the shell prints it."""
        mark = "WARN" if self.warns else "ok  " if self.ok else "BAD "
        return f"{mark}  {self.what}" + ("" if self.ok and not self.warns else f": {self.remedy}")

    def document(self) -> dict[str, Any]:
        return asdict(self)


def examine(instance: Instance, *, port: int) -> list[Finding]:
    """Folder, secrets, binaries, space, databases and their roles, running parts."""
    if not instance.exists():
        what = _("%(folder)s 已安装") % {"folder": instance.folder}
        return [Finding(what=what, ok=False, remedy=_("请运行 `kexin run` 或 `kexin setup`"))]
    findings = [_secrets(instance), _space(instance), _binaries(instance)]
    for cluster in CLUSTERS:
        findings += [_connects(instance, cluster, role) for role in ROLES]
    return [*findings, *_apart(instance), *_parts(port)]


def _secrets(instance: Instance) -> Finding:
    open_ones = [str(path) for path in instance.secrets.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    remedy = f"chmod 600 {' '.join(open_ones[:5])}"
    return Finding(what=_("密钥与密码文件只有所有者能读"), ok=not open_ones, remedy=remedy)


def _space(instance: Instance) -> Finding:
    free = shutil.disk_usage(instance.folder).free
    what = _("%(folder)s 还有 %(free).1f GiB 空间") % {"folder": instance.folder, "free": free / 1024**3}
    return Finding(what=what, ok=free >= LEAST_FREE_BYTES, remedy=_("请至少腾出 2 GiB"))


def _binaries(instance: Instance) -> Finding:
    if not instance.read_record()["embedded"]:
        return Finding(what=_("PostgreSQL 是外部的"), ok=True)
    try:
        major = postgres.version(postgres.found_binaries())
    except postgres.NoPostgres as error:
        return Finding(what=_("PostgreSQL 的程序"), ok=False, remedy=str(error))
    return Finding(what=_("PostgreSQL %(major)d 的程序") % {"major": major}, ok=True)


def _connects(instance: Instance, cluster: str, role: str) -> Finding:
    what = _("%(cluster)s：kexin_%(role)s 连得上，权限没有超出角色所需") % {"cluster": cluster, "role": role}
    address = instance.address(cluster, role)
    try:
        with psycopg.connect(address.url(), connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        remedy = _("请用 `kexin run` 启动；还不行就看 KEXIN_HOME/pg/*.log")
        if not instance.read_record()["embedded"]:
            remedy = foreign.unreachable(error, address, URL_VARIABLES[cluster])
        return Finding(what=what, ok=False, remedy=remedy)
    too_much = bool(row and row[0])
    return Finding(what=what, ok=not too_much, remedy=_("请运行 `kexin setup`，它会收回多余的权限"))


def _apart(instance: Instance) -> list[Finding]:
    """Whether the keys have a server of their own; nothing to say while one of the two does not answer."""
    started = []
    for cluster in CLUSTERS:
        try:
            with psycopg.connect(instance.address(cluster, "web").url(), connect_timeout=5) as connection:
                started.append(connection.execute("SELECT pg_postmaster_start_time()").fetchone())
        except psycopg.OperationalError:
            return []
    shared = started[0] == started[1]
    return [Finding(what=_("密钥库在自己的服务器上"), ok=True, warns=shared, remedy=foreign.shared_server() if shared else "")]


def _parts(port: int) -> list[Finding]:
    seen = launcher.health(port)
    if seen is None:
        return [Finding(what=_("网页在端口 %(port)d 上应答") % {"port": port}, ok=False, remedy=_start_hint())]
    rows = seen["parts"].items()
    return [
        Finding(what=_("%(name)s 正常") % {"name": name}, ok=part["status"] == "ok", remedy=_start_hint()) for name, part in rows
    ]


def _start_hint() -> str:
    port = os.environ.get("KEXIN_PORT", "8600")
    return _("请用 `kexin run` 启动（KEXIN_PORT=%(port)s）") % {"port": port}
