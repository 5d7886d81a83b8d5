"""The way to a database: off this machine it needs TLS that knows its server."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from kexin.site.instance import Instance, OpenWay, parse_url
from kexin.site.tests.servers import BINARIES, Server, environment, kexin, refusal, speaks_tls

pytestmark = pytest.mark.no_db

ROOT = "sslrootcert=/etc/hostname"


@pytest.mark.parametrize(
    "rest",
    [
        "localhost/k", "127.0.0.1/k", "127.3.2.1/k", "[::1]/k", "%2Frun%2FPostgreSQL/k", "/k?host=/run/pg", "db.example/k?hostaddr=127.0.0.1",
        "db.example/k?sslmode=verify-full", f"db.example/k?sslmode=verify-full&{ROOT}", f"db.example/k?sslmode=verify-ca&{ROOT}",
        "db.example/k?sslmode=verify-full&sslrootcert=system", "10.0.0.7/k?sslmode=verify-full",
    ],
)  # fmt: skip
def test_a_way_that_is_closed_is_taken(rest: str) -> None:
    assert parse_url(f"postgresql://a:b@{rest}").name == "k"


@pytest.mark.parametrize(
    "rest",
    [
        "db.example/k", "10.0.0.7/k", "[2001:db8::1]/k", "0.0.0.0/k", "localhost.example/k", "localhost/k?hostaddr=10.0.0.7",
        "/k?host=/run/pg,db.example&port=5432", "db.example/k?sslmode=require", "db.example/k?sslmode=verify-ca",
        "db.example/k?sslmode=verify-ca&sslrootcert=system", "db.example/k?sslmode=verify-full&sslmode=prefer",
        "db.example/k?sslmode=verify-full&sslrootcert=/nowhere/root.pem", "db.example/k?sslmode=verify-full&sslrootcert=hostname",
        f"db.example/k?{ROOT}",
    ],
)  # fmt: skip
def test_a_way_that_is_open_is_refused(rest: str) -> None:
    with pytest.raises(OpenWay, match="^KEYRING_DATABASE_URL: ") as caught:
        parse_url(f"postgresql://a:secret@{rest}", variable="KEYRING_DATABASE_URL")
    assert "secret" not in str(caught.value)


def test_a_folder_keeps_its_capitals_and_a_place_written_down_earlier_is_judged_again(home: Path) -> None:
    assert parse_url("postgresql://a:b@%2FRun%2FPg/k").host == "/Run/Pg"
    instance = Instance(home)
    instance.create(embedded=False)
    instance.place("main", host="db.example", port=5432, name="kexin", options=(("sslmode", "require"),))
    with pytest.raises(OpenWay):
        instance.address("main", "web")


@pytest.mark.parametrize("binaries", [folder for folder in BINARIES if speaks_tls(folder)], ids=lambda folder: folder.parent.name)
def test_over_tls_the_server_must_be_the_one_that_was_named(binaries: Path, home: Path) -> None:
    server, stranger = Server(binaries, tls=True), Server(binaries, tls=True)
    try:
        for one in (server, stranger):
            one.hire()
        wanted = f"?sslmode=verify-full&sslrootcert={server.root}"
        good, keys = server.url("kexin", query=wanted), server.url("kexin_keys", query=wanted)
        before = server.seen()
        assert "certificate of localhost does not hold" in refusal(environment(home, stranger.url("kexin", query=wanted), keys))
        elsewhere = good.replace("@localhost:", "@127.0.0.1:")  # the certificate is made out to a name
        assert "certificate of 127.0.0.1 does not hold" in refusal(environment(home, elsewhere, keys))
        assert server.seen() == before
        assert kexin(environment(home, good, keys), "setup", "--json").returncode == 0
        with psycopg.connect(Instance(home).address("main", "web").url()) as connection:
            row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert row == (True,)
    finally:
        server.stop()
        stranger.stop()
