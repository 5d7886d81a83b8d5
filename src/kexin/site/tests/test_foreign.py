"""DATABASE_URL and KEYRING_DATABASE_URL on servers of somebody else: every lack is one sentence and leaves nothing behind;
then a whole installation runs there, made by an administrator who is no superuser."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from kexin.site import doctor, foreign, launcher, setup
from kexin.site.instance import Address, Instance, parse_url
from kexin.site.tests.servers import BINARIES, PASSWORD, Server, environment, free_port, kexin, refusal

pytestmark = [pytest.mark.no_db, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=BINARIES, ids=lambda folder: folder.parent.name)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Server]]:
    """Two servers with an administrator called boss who may make roles and databases and nothing else."""
    servers = Server(request.param), Server(request.param)
    for server in servers:
        server.hire()
    yield servers
    for server in servers:
        server.stop()


# --- what is wrong with a server, one sentence each -------------------------------------------------------------------


def lacks(pair: tuple[Server, Server]) -> Iterator[tuple[str, str, str]]:
    """DATABASE_URL, KEYRING_DATABASE_URL, what the sentence says."""
    main, keyring = pair
    good = keyring.url("lack_keyring")
    yield main.url("k"), "", "KEYRING_DATABASE_URL is not"
    yield "", good, "DATABASE_URL is not"
    yield f"postgresql://boss:x@localhost:{free_port()}/k", good, "DATABASE_URL: nothing answers at localhost port"
    yield "postgresql://boss:x@/k?host=/nowhere", good, "DATABASE_URL: nothing answers at /nowhere"
    yield "postgresql://boss:x@db.invalid/k?sslmode=verify-full", good, "DATABASE_URL: host db.invalid is not known"
    yield main.url("k", password="wrong"), good, "DATABASE_URL: localhost does not accept the password of user boss"
    yield main.url("k"), keyring.url("k", user="stranger"), "KEYRING_DATABASE_URL: localhost does not accept the password"
    yield main.url("k", user="plain"), good, "user plain lacks CREATEROLE CREATEDB"
    yield main.url("k", user="half"), good, "user half lacks CREATEDB"
    yield main.url("latin"), good, "the encoding of database latin is LATIN1 and must be UTF8"
    yield main.url("theirs"), good, "database theirs belongs to their_root"
    yield main.url("filled"), good, "database filled holds 1 other tables"
    yield main.url("k"), main.url("k"), "name the same database"
    yield f"postgresql://boss:x@127.0.0.1:{main.port}/k", f"postgresql://boss:x@localhost:{main.port}/k", "password of user boss"
    yield main.url("k") + "?sslmode=verify-full", good, "localhost does not speak TLS"


def test_a_lack_is_one_sentence_and_changes_nothing(pair: tuple[Server, Server], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main, _keyring = pair
    main.hire("plain", "NOCREATEROLE")
    main.hire("half", "CREATEROLE")
    main.ask("CREATE DATABASE latin OWNER boss ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    main.ask("CREATE DATABASE theirs")
    main.ask("CREATE DATABASE filled OWNER boss")
    main.ask("CREATE TABLE other (x int)", database="filled")
    before = [server.seen() for server in pair]
    for number, (first, second, said) in enumerate(lacks(pair)):
        if number in (5, 9) or not (first and second):
            # The whole way of a person; the others ask the same function, without two processes for each.
            assert said in refusal(environment(home, first, second)), said
            chinese = refusal(environment(home, first, second, language="zh"))
            assert re.search(r"[\u4e00-\u9fff]", chinese) and said not in chinese
        else:
            with pytest.raises(ImproperlyConfigured, match=re.escape(said)) as caught:
                examined(home, first, second, monkeypatch)
            assert PASSWORD not in str(caught.value) and "\n" not in str(caught.value)
        assert [server.seen() for server in pair] == before, said


def examined(home: Path, main: str, keyring: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    instance = Instance(home)
    instance.create(embedded=False)
    monkeypatch.setenv("DATABASE_URL", main)
    monkeypatch.setenv("KEYRING_DATABASE_URL", keyring)
    return foreign.examine(instance)


SERVER = foreign.Server(
    variable="DATABASE_URL", address=Address(host="db", port=1, name="k", user="boss", password=""), major=16,
    started_at=datetime(2026, 1, 1), read_only=False, superuser=False, may_make_roles=True, may_make_databases=True,
    roles=(), encoding="", owner="", owner_is_us=False,
)  # fmt: skip
OURS = foreign.Held(name="kexin_owner", excessive=False, ours_to_change=True, mark=foreign.MARK + "me")


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (replace(SERVER, major=14), "is PostgreSQL 14: 15 to 18"),
        (replace(SERVER, major=19), "is PostgreSQL 19: 15 to 18"),
        (replace(SERVER, read_only=True), "read-only standby"),
        (replace(SERVER, roles=(replace(OURS, ours_to_change=False),)), "user boss may not change it"),
        (replace(SERVER, roles=(replace(OURS, excessive=True),)), "user boss may not change it"),
        (replace(SERVER, superuser=True, roles=(replace(OURS, mark=foreign.MARK + "you"),)), "another installation of Kexin"),
        (replace(SERVER, roles=(OURS,)), ""),
        (replace(SERVER, superuser=True, roles=(replace(OURS, excessive=True),)), ""),
        (replace(SERVER, encoding="UTF8", owner="kexin_owner", may_make_databases=False), ""),
    ],
)
def test_what_no_server_at_hand_has(server: foreign.Server, said: str) -> None:
    if not said:
        foreign._judge(server, mark="me")
        return
    with pytest.raises(foreign.NotUsable, match=said):
        foreign._judge(server, mark="me")


# --- a whole installation ----------------------------------------------------------------------------------------------

RIGHTS = """
SELECT c.relname, coalesce(replace(r.rolname, 'kexin_', ''), 'PUBLIC'), a.privilege_type
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.grantee <> c.relowner
UNION
SELECT c.relname, coalesce(replace(r.rolname, 'kexin_', ''), 'PUBLIC'), a.privilege_type
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN LATERAL aclexplode(t.attacl) a
LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE c.relnamespace = 'public'::regnamespace
"""
#: Whoever is neither the owner nor one of ours has no way in: database, schema, functions.
STRANGERS = """
SELECT 'database', a.privilege_type FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
WHERE d.datname = current_database() AND a.grantee = 0
UNION SELECT 'schema', a.privilege_type FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
WHERE n.nspname = 'public' AND a.grantee = 0
UNION SELECT p.proname, a.privilege_type FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = 'public'::regnamespace AND a.grantee = 0
"""
ATTRIBUTES = """
SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit, rolcanlogin FROM pg_roles
WHERE rolname LIKE 'kexin\\_%' ORDER BY rolname
"""


def said_rights(tables: set[str]) -> set[tuple[str, str, str]]:
    """What the rooms' grants.py say about those tables."""
    return {
        (table, role, privilege.split(" ")[0])
        for table, rights in setup.all_grants().items() if table in tables
        for role, text in rights.items()
        for privilege in re.split(r", (?=[A-Z])", text)
    }  # fmt: skip


def assert_closed(server: Server, database: str) -> None:
    tables = {str(row[0]) for row in server.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=database)}
    assert tables and set(server.ask(RIGHTS, database=database)) == said_rights(tables)
    assert server.ask(STRANGERS, database=database) == []
    assert server.ask("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'", database=database) == [("kexin_owner",)]
    assert server.ask(ATTRIBUTES) == [
        (f"kexin_{role}", False, False, False, False, False, role == "owner", True) for role in ("owner", "reader", "sequencer", "web", "worker")
    ]
    # The administrator keeps nothing: where membership is automatic (from 16 on) it carries ADMIN and no more.
    kept = "SELECT count(*) FROM pg_auth_members m WHERE m.member = 'boss'::regrole"
    usable = " AND (m.inherit_option OR m.set_option)" if server.ask("SHOW server_version_num")[0][0] >= "160000" else ""  # type: ignore[operator]
    assert server.ask(kept + usable) == [(0,)]


class House:
    """`kexin run` on a pair of servers of somebody else."""

    def __init__(self, environment: dict[str, str], *, demo: bool = True) -> None:
        self.environment = environment
        self.home = Path(environment["KEXIN_HOME"])
        self.port = next(port for port in iter(free_port, None) if launcher.port_is_free(port + 1))
        command = [sys.executable, "-m", "kexin.site.cli", "run", *(["--demo"] if demo else [])]
        more = {"KEXIN_PORT": str(self.port), "KEXIN_WEB_WORKERS": "1"}
        self.process = subprocess.Popen(
            command, env={**environment, **more}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        for line in self.process.stdout or ():
            self.said.append(line.strip())
            if line.startswith("Kexin: "):
                return
        raise AssertionError("\n".join(self.said))

    def ask(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        token = self.home / "cli-token"
        given = {"Content-Type": "application/json", **headers}
        if token.exists():
            given["Authorization"] = f"Bearer {token.read_text(encoding='utf-8').strip()}"
        data = json.dumps(body).encode() if body else None
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(address, data=data, headers=given), timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, "\n".join(self.said)
        assert self.process.stdout
        self.process.stdout.close()


def test_an_installation_runs_on_both_and_its_roles_have_what_the_rooms_say(pair: tuple[Server, Server], home: Path) -> None:
    main, keyring = pair
    # One database made by their administrator beforehand, as providers do, and one that set-up makes.
    with main.connect(user="boss") as connection:
        connection.execute("CREATE DATABASE company")
    given = environment(home, main.url("company"), keyring.url("company_keys"))
    house = House(given)
    try:
        health = house.ask("/healthz")
        assert {name: part["status"] for name, part in health["parts"].items()} == dict.fromkeys(health["parts"], "ok")
        assert health["parts"]["keyring"]["own_server"] is True
        customer = house.ask("/api/v1/customers", ADMITTED, **{"Idempotency-Key": "first"})
        card = house.ask(f"/api/v1/customers/{customer['id']}")
        assert "****" in json.dumps(card) and "13800002222" not in json.dumps(card)
        assert main.ask("SELECT count(*) > 2000 FROM vault_subject", database="company") == [(True,)]
        users = {row[0] for server in pair for row in server.ask("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname LIKE 'company%'")}
        assert users == {"kexin_web", "kexin_worker", "kexin_sequencer"}
    finally:
        house.stop()
    assert_closed(main, "company")
    assert_closed(keyring, "company_keys")
    # What serves needs no administrator's URL any more, and nothing of it was written down.
    assert not any(PASSWORD in path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
    alone = environment(home, "", "")
    assert json.loads(kexin(alone, "people", "list", "--json").stdout)["people"]
    assert "the data of" in refusal(alone, "setup") and "in external databases" in refusal(alone, "run")
    # Again: nothing changes, whoever was given what.
    before = [server.seen() for server in pair]
    assert json.loads(kexin(given, "setup", "--json").stdout) == {
        "home": str(home), "demo": True, "one_server": False, "warnings": [],
    }  # fmt: skip
    assert [server.seen() for server in pair] == before
    processes_refuse_power(main, alone)
    with pytest.raises(foreign.NotUsable, match="another installation of Kexin"):
        foreign._judge(foreign._ask(parse_url(main.url("other")), "DATABASE_URL"), mark="of another KEXIN_HOME")


#: What the steward's token brings in.
ADMITTED = {"values": {"name": "沈一帆", "mobile": "13800002222"}, "source": {"source": "api", "basis": "contract_if_asked"}}


def processes_refuse_power(server: Server, environment: dict[str, str]) -> None:
    """Each excess in turn stops a process with one sentence; set-up by one who is no superuser says who must take it away."""
    excesses = {
        "ALTER ROLE kexin_worker SUPERUSER": "ALTER ROLE kexin_worker NOSUPERUSER",
        "ALTER ROLE kexin_worker BYPASSRLS": "ALTER ROLE kexin_worker NOBYPASSRLS",
        "ALTER ROLE kexin_worker REPLICATION": "ALTER ROLE kexin_worker NOREPLICATION",
        "ALTER ROLE kexin_worker CREATEROLE": "ALTER ROLE kexin_worker NOCREATEROLE",
        "GRANT kexin_owner TO kexin_worker": "REVOKE kexin_owner FROM kexin_worker",
        "GRANT pg_read_all_data TO kexin_worker": "REVOKE pg_read_all_data FROM kexin_worker",
    }
    command = [sys.executable, "-m", "kexin.site.processes", "worker"]
    for give, take in excesses.items():
        server.ask(give)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        [line] = done.stderr.strip().splitlines()
        assert done.returncode == 1 and "kexin_worker (default) has too much power" in line, give
        server.ask(take)
    server.ask("ALTER ROLE kexin_worker BYPASSRLS")
    given = {**environment, "DATABASE_URL": server.url("company"), "KEYRING_DATABASE_URL": server.url("company_keys")}
    assert "user boss may not change it" in refusal(given)
    server.ask("ALTER ROLE kexin_worker NOBYPASSRLS")


def test_a_set_up_that_broke_off_goes_on_at_the_second_try(pair: tuple[Server, Server], home: Path) -> None:
    """Something that nobody can see beforehand: a database that its keeper made read-only."""
    main, keyring = fresh_names(pair)
    given = environment(home, pair[0].url(main), pair[1].url(keyring))
    with pair[1].connect(user="boss") as connection:
        connection.execute(f"CREATE DATABASE {keyring}")
        connection.execute(f"ALTER DATABASE {keyring} SET default_transaction_read_only = on")
    for _ in range(2):
        assert "read-only transaction" in refusal(given)
        assert not Instance(home).read_record().get("demo"), "set-up is not finished"
    pair[1].ask(f"ALTER DATABASE {keyring} RESET default_transaction_read_only")
    assert json.loads(kexin(given, "setup", "--json").stdout)["demo"] is False
    assert_closed(pair[0], main)
    assert_closed(pair[1], keyring)


def test_both_on_one_server_is_allowed_and_said_loudly(pair: tuple[Server, Server], home: Path) -> None:
    server = pair[0]
    main, keyring = fresh_names(pair)
    # The second name of the same place must not hide that it is the same.
    other = server.url(keyring).replace("@localhost:", "@127.0.0.1:")
    for language, words in (("en", "on one server"), ("zh", "在同一台服务器上")):
        assert words in kexin(environment(home, server.url(main), other, language=language), "setup").stdout
    assert json.loads(kexin(environment(home, server.url(main), other), "setup", "--json").stdout)["one_server"] is True
    assert_closed(server, main)
    assert_closed(server, keyring)
    instance = Instance(home)
    findings = {one.what: one for one in doctor.examine(instance, port=1)}
    apart = findings["the keyring has a server of its own"]
    assert apart.ok and apart.line.startswith("WARN") and "data backups" in apart.line
    assert all(one.ok for what, one in findings.items() if "kexin_" in what), "each role opens both databases"
    assert "PostgreSQL is external" in findings
    start = json.loads(kexin(environment(home, "", ""), "people", "start", "--json").stdout)
    assert "keyring" in {one["key"] for one in start["missing"]}
    house = House(environment(home, server.url(main), other), demo=False)
    try:
        assert house.ask("/healthz")["parts"]["keyring"]["own_server"] is False
        assert any("on one server" in line for line in house.said)
    finally:
        house.stop()


def fresh_names(pair: tuple[Server, Server]) -> tuple[str, str]:
    """Databases of a test's own, after the roles of an earlier installation on these servers are gone."""
    for server in pair:
        for (name,) in server.ask("SELECT datname FROM pg_database WHERE datname NOT LIKE 'template%' AND datname <> 'postgres'"):
            server.ask(f"DROP DATABASE {name} WITH (FORCE)")
        for (name,) in server.ask("SELECT rolname FROM pg_roles WHERE rolname LIKE 'kexin\\_%'"):
            server.ask(f"DROP OWNED BY {name}")
            server.ask(f"DROP ROLE {name}")
    return "kexin", "kexin_keys"
