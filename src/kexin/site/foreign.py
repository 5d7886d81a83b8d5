"""Databases of somebody else: what must be true of both servers before set-up changes either. Each lack is one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.core.exceptions import ImproperlyConfigured

from kexin.site.instance import ROLES, URL_VARIABLES, Address, Instance
from kexin.site.words import gettext as _
from kexin.site.words import noop

OLDEST, NEWEST = 15, 18
CONNECT_S = 5
#: What stands on the role `kexin_owner`, so that a second installation does not take over the roles of the first.
MARK = "Kexin installation "


class NotUsable(ImproperlyConfigured):
    """A database that was named by URL cannot carry this installation; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One of our roles that stands on the server already."""

    name: str
    excessive: bool
    ours_to_change: bool
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What one server says about itself, its administrator and the database that the URL names (encoding "": none)."""

    variable: str
    address: Address
    major: int
    started_at: datetime
    read_only: bool
    superuser: bool
    may_make_roles: bool
    may_make_databases: bool
    roles: tuple[Held, ...]
    encoding: str
    owner: str
    owner_is_us: bool

    @property
    def is_handed_over(self) -> bool:
        """Whether an earlier set-up gave the database to our owner."""
        return self.owner == "kexin_owner"


def examine(instance: Instance) -> bool:
    """Ask both servers and change nothing. Answers whether both URLs name one server, which is allowed and worth saying.

    Raises NotUsable with the first lack found.
    """
    main, keyring = (_ask(instance.address(name, "admin"), variable) for name, variable in URL_VARIABLES.items())
    # To the microsecond: a system identifier would not do, restored copies of one server share it and are two.
    one = main.started_at == keyring.started_at
    if one and main.address.name == keyring.address.name:
        said = _("%(first)s 与 %(second)s 是同一个数据库：密钥须另放一个数据库，最好在另一台服务器上")
        raise NotUsable(said % {"first": main.variable, "second": keyring.variable})
    for server in (main, keyring):
        _judge(server, mark=instance.mark())
    return one


#: What one server for both databases costs (vault.md: the horizon becomes the retention of data backups), and the way out.
SHARED_SERVER = noop("两个数据库在同一台服务器上，已删除的人要等数据备份也过期才彻底无法恢复")
APART = noop("请让 KEYRING_DATABASE_URL 指向另一台备份保留期较短的服务器")


def shared_server() -> str:
    """Both as one sentence of the shell."""
    return _("%(said)s：%(remedy)s") % {"said": _(SHARED_SERVER), "remedy": _(APART)}


# --- asking ----------------------------------------------------------------------------------------------------------

_SERVER = """
SELECT current_setting('server_version_num')::int / 10000, pg_postmaster_start_time(),
       current_setting('transaction_read_only') = 'on', rolsuper, rolcreaterole, rolcreatedb
FROM pg_roles WHERE rolname = current_user
"""
# From 16 on CREATEROLE alone changes nothing: one must hold ADMIN of the role, as whoever created it does.
_ROLES = """
SELECT rolname, rolsuper OR rolreplication OR rolbypassrls,
       pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION'), coalesce(shobj_description(oid, 'pg_authid'), '')
FROM pg_roles WHERE rolname = ANY(%s)
"""
_DATABASE = """
SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba), pg_has_role(current_user, datdba, 'USAGE')
FROM pg_database WHERE datname = %s
"""
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"


def connect(address: Address, *, variable: str, database: str = "postgres") -> psycopg.Connection:
    """As administrator, by default in the database that always exists; raises NotUsable with what is wrong."""
    inside = psycopg.conninfo.make_conninfo(address.url(), dbname=database)
    try:
        return psycopg.connect(inside, autocommit=True, connect_timeout=CONNECT_S)
    except psycopg.OperationalError as error:
        # Some providers have no `postgres`, or keep their customers out of it.
        if database == "postgres" and '"postgres"' in str(error) and address.name != database:
            return connect(address, variable=variable, database=address.name)
        raise NotUsable(unreachable(error, address, variable)) from error


def _ask(address: Address, variable: str) -> Server:
    with connect(address, variable=variable) as connection:
        row = connection.execute(_SERVER).fetchone()
        assert row is not None
        major, started_at, read_only, superuser, makes_roles, makes_databases = row
        names = [f"kexin_{role}" for role in ROLES]
        rows = connection.execute(_ROLES, [names]).fetchall()
        roles = tuple(Held(name=a, excessive=b, ours_to_change=c or major < 16, mark=d) for a, b, c, d in rows)
        found = connection.execute(_DATABASE, [address.name]).fetchone()
    encoding, owner, owner_is_us = found or ("", "", False)
    return Server(
        variable=variable, address=address, major=major, started_at=started_at, read_only=read_only, superuser=superuser,
        may_make_roles=superuser or makes_roles, may_make_databases=superuser or makes_databases, roles=roles,
        encoding=encoding, owner=owner, owner_is_us=superuser or owner_is_us,
    )  # fmt: skip


# --- judging ---------------------------------------------------------------------------------------------------------


def _judge(server: Server, *, mark: str) -> None:
    """Raise NotUsable for what only the keeper of that server can mend."""
    words = {"variable": server.variable, "host": server.address.host, "user": server.address.user, "name": server.address.name}
    if not OLDEST <= server.major <= NEWEST:
        raise NotUsable(_("%(variable)s 是 PostgreSQL %(major)d：支持 15 到 18") % {**words, "major": server.major})
    if server.read_only:
        raise NotUsable(_("%(variable)s：%(host)s 是只读的备库，请写主库的地址") % words)
    wanted = {"CREATEROLE": server.may_make_roles, "CREATEDB": server.may_make_databases or server.is_handed_over}
    if missing := " ".join(right for right, held in wanted.items() if not held):
        said = _("%(variable)s：用户 %(user)s 缺少 %(missing)s，请由数据库管理员执行 ALTER ROLE %(user)s %(missing)s")
        raise NotUsable(said % {**words, "missing": missing})
    _judge_roles(server, words, mark=mark)
    if not server.encoding:
        return
    if server.encoding != "UTF8":
        said = _("%(variable)s：数据库 %(name)s 的编码是 %(encoding)s，必须是 UTF8：请删除它（安装时会重建）或另写一个名字")
        raise NotUsable(said % {**words, "encoding": server.encoding})
    if not server.is_handed_over and not server.owner_is_us:
        said = _("%(variable)s：数据库 %(name)s 属于 %(owner)s，请由它执行 ALTER DATABASE %(name)s OWNER TO %(user)s，或另写一个名字")
        raise NotUsable(said % {**words, "owner": server.owner})
    if not server.is_handed_over and (tables := _tables(server)):
        said = _("%(variable)s：数据库 %(name)s 里已有 %(tables)d 个别的表，请写一个空的或还不存在的数据库")
        raise NotUsable(said % {**words, "tables": tables})


def _judge_roles(server: Server, words: dict[str, str], *, mark: str) -> None:
    for role in server.roles:
        if role.mark.startswith(MARK) and role.mark != MARK + mark:
            said = _("%(variable)s：%(host)s 上已有另一套客信（角色 %(role)s 不属于本 KEXIN_HOME）：一台数据库服务器只放一套")
            raise NotUsable(said % {**words, "role": role.name})
        if not server.superuser and (role.excessive or not role.ours_to_change):
            said = _("%(variable)s：%(host)s 上已有角色 %(role)s，而用户 %(user)s 不能更改它：请由数据库管理员删除它")
            raise NotUsable(said % {**words, "role": role.name})


def _tables(server: Server) -> int:
    with connect(server.address, variable=server.variable, database=server.address.name) as connection:
        row = connection.execute(_TABLES).fetchone()
    return int(row[0]) if row else 0


# --- what went wrong, in words ---------------------------------------------------------------------------------------

_NOBODY = re.compile(r"refused|timeout|timed out|No such file|No route|unreachable|is the server running", re.IGNORECASE)


def unreachable(error: psycopg.OperationalError, address: Address, variable: str) -> str:
    """Why there is no connection. libpq's own words are English everywhere; a server's may be in its own language."""
    said = str(error)
    words = {"variable": variable, "host": address.host, "port": address.port, "user": address.user, "said": last_line(error)}
    if "resolve host" in said or "translate host" in said:
        return _("%(variable)s：找不到主机 %(host)s，请核对写法") % words
    if "server does not support SSL" in said:
        return _("%(variable)s：%(host)s 没有打开 TLS，请在服务器上设置 ssl = on 和证书") % words
    if "certificate" in said or "SSL error" in said:
        return _("%(variable)s：%(host)s 的证书通不过核对（%(said)s）：请核对主机名，并用 sslrootcert 写明签发它的根证书") % words
    if "pg_hba.conf" in said:
        return _("%(variable)s：%(host)s 不让用户 %(user)s 从本机这样连接，请在它的 pg_hba.conf 里放行") % words
    if "password" in said.lower():
        return _("%(variable)s：%(host)s 不接受用户 %(user)s 的密码，请核对用户名和密码") % words
    if _NOBODY.search(said):
        return _("%(variable)s：%(host)s 端口 %(port)s 没有应答，请确认 PostgreSQL 在运行并允许从本机连接") % words
    return _("%(variable)s：连接不上 %(host)s（%(said)s）") % words


def last_line(error: BaseException) -> str:
    """The end of what a server said, without its details: they could repeat values."""
    diagnosis = getattr(error, "diag", None)
    text = (diagnosis.message_primary if diagnosis else None) or str(error)
    return re.sub(r"^.*(FATAL|failed): +", "", text.strip().splitlines()[0]) if text.strip() else type(error).__name__


def explained(error: Exception) -> str:
    """One sentence for what a database refused in the middle of set-up; nothing is lost, a second try goes on."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__ or error
    said = {"said": last_line(cause)}
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return _("数据库管理员的权限不够（%(said)s）：请由数据库管理员授予后再试，已做的部分会接着用") % said
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return _("数据库里有别的会话占着表（%(said)s）：请先停掉在运行的客信，再试一次") % said
    return _("数据库没有完成安装（%(said)s）：排除原因后再试一次，已做的部分会接着用") % said
