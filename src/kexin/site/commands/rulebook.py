"""`kexin rulebook …`: check, compare, draft, sign and hand out the company's rulebook."""

from __future__ import annotations

import os
import uuid
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from django.utils.translation import gettext_lazy as _

from kexin.foundation.problems import NotFound, Refused
from kexin.site import shell
from kexin.site.shell import AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kexin.foundation.caller import Caller
    from kexin.regime.operations.publishing import Published
    from kexin.regime.rulebook import Finding

app = typer.Typer(no_args_is_help=True, help="The rulebook: check a file, see who gains, publish, sign, export.")

File = Annotated[Path, typer.Argument(help="A rulebook in YAML; `retail` means the one that ships with the product.")]
Token = Annotated[
    Path | None,
    typer.Option(help="File with the token of a named person (default: KEXIN_TOKEN or KEXIN_HOME/cli-token)."),
]
English = Annotated[bool, typer.Option("--english", help="Findings in English.")]
MAX_READ = 10_000_000


class NoToken(Refused):
    """Commands on the rulebook need a token of a named person."""

    code = "no-token"
    title = _("没有执行：需要本人的令牌（kexin token create）")


class NoFile(NotFound):
    """The file is not there or cannot be read."""

    code = "no-file"
    title = _("没有这个文件，或无法读取")


@app.command()
def check(file: File, *, english: English = False, as_json: AsJson = False) -> None:
    """Read a rulebook strictly and check it against law and itself. Exit code 1 when it could not be published."""
    from kexin.regime.rulebook import RulebookInvalid, parse
    from kexin.regime.rulebook import check as checking

    with shell.told(as_json=as_json):
        try:
            parsed = parse(_bytes(file))
            findings: tuple[Finding, ...] = checking.check(parsed)
        except RulebookInvalid as error:
            findings = error.findings
        wrong = len(checking.errors(findings))
        facts = {"ok": not wrong, "errors": wrong, "findings": [finding.document() for finding in findings]}
        lines = [f"{finding.level}: {finding.text('en' if english else 'zh')}" for finding in findings]
        shell.answer(
            facts, as_json=as_json, text="\n".join([*lines, f"{wrong} error(s), {len(findings) - wrong} other"])
        )
        if wrong:
            raise typer.Exit(1)


@app.command()
def diff(file: File, *, against: Annotated[Path | None, typer.Option(help="Another file instead of the version in force.")] = None,
         as_json: AsJson = False) -> None:  # fmt: skip
    """What a rulebook would change: entries, and the cells role × purpose × action × attribute that gain or lose."""
    from kexin.regime.queries import rulebook as stored
    from kexin.regime.rulebook import parse
    from kexin.regime.rulebook.diff import difference

    with shell.told(as_json=as_json):
        old = parse(_bytes(against)).rulebook if against else stored.rulebook_in_force()
        change = difference(old, parse(_bytes(file)).rulebook)
        lines = [f"{one.what:8} {one.kind}.{one.key} {', '.join(one.fields)}".rstrip() for one in change.changes]
        lines += [
            f"{'+' if cell.gains else '-'} {cell.role} {cell.purpose} {cell.action} {cell.attribute}: "
            f"{cell.before} -> {cell.after} ({cell.where}; {', '.join(cell.rule_ids)})"
            for cell in change.cells
        ]
        lines.append(f"{change.gained} cells gain, {change.lost} lose; {'loosens' if change.loosens else 'tightens'}")
        shell.answer(change.document(), as_json=as_json, text="\n".join(lines))


@app.command()
def install(file: File, *, as_json: AsJson = False) -> None:
    """Put the first rulebook of a new installation in force, from the host's shell. Refused once there is any."""
    from kexin.foundation.caller import Caller
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        setup = Caller.for_service("setup", cause="kexin rulebook")
        _say(operations.install_rulebook(setup, source=_bytes(file)), as_json=as_json)


Seen = Annotated[str, typer.Option("--impact", help="Digest of the impact that was shown (`kexin rulebook impact`).")]


@app.command()
def impact(file: File, *, token: Token = None, as_json: AsJson = False) -> None:
    """Count what a rulebook would change for the people who are really there; its digest is what a signature names."""
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        seen = operations.assess_now(_caller(token), source=_bytes(file))
        result: Mapping[str, Any] = seen.result or {}
        lines = [
            f"{'+' if cell['gains'] else '-'} {cell['role']} {cell['purpose']} {cell['action']} {cell['attribute']}: "
            f"{cell['people']} people" for cell in result["cells"]
        ]  # fmt: skip
        lines += [f"stops {one['people']} people, unknown {', '.join(one['missing'])}: {one['rule']}" for one in result["stopped"]]
        lines += [f"ends {one['count']} consents: {one['purpose']} {one['channel']}".rstrip() for one in result["consents"]]
        lines += [f"{'stops' if one['stops'] else 'changes'} {one['count']}: {one['kind']}" for one in result["affected"]]
        lines.append(
            f"{result['gains']} cells gain, {result['losses']} lose; {result['touched']} of {result['people']} people; "
            f"{result['stale']} consents end; {'loosens' if result['loosens'] else 'tightens'}\nimpact {seen.digest}"
        )
        shell.answer({"digest": seen.digest, "took_s": seen.took_s, **result}, as_json=as_json, text="\n".join(lines))


@app.command()
def publish(file: File, *, impact: Seen = "", token: Token = None, as_json: AsJson = False) -> None:
    """Draft and sign a version as the person behind the token; another person signs after."""
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        _say(operations.publish_rulebook(_caller(token), source=_bytes(file), impact=impact), as_json=as_json)


@app.command()
def sign(version: Annotated[str, typer.Argument(help="Id of a waiting version (see `kexin rulebook list`).")], *,
         impact: Seen = "", token: Token = None, as_json: AsJson = False) -> None:  # fmt: skip
    """The second signature, by another person; the version is in force from then on."""
    from kexin.regime import operations
    from kexin.regime.queries.rulebook import VersionUnknown

    with shell.told(as_json=as_json):
        try:
            identity = uuid.UUID(version)
        except ValueError:
            raise VersionUnknown() from None
        _say(operations.sign_rulebook(_caller(token), version=identity, impact=impact), as_json=as_json)


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """The newest versions and where they stand."""
    from kexin.regime.queries import rulebook as stored

    with shell.told(as_json=as_json):
        rows = stored.versions()
        facts = {
            "versions": [
                {"id": row.id, "number": row.number, "sha256": row.sha256, "state": row.state, "loosens": row.loosens,
                 "signatures": len(row.signers), "effective_at": row.effective_at} for row in rows
            ]
        }  # fmt: skip
        text = "\n".join(f"v{row.number}  {row.state:10} {row.sha256[:12]}  {row.id}" for row in rows)
        shell.answer(facts, as_json=as_json, text=text or "no version yet")


@app.command()
def export(out: Annotated[Path, typer.Argument(help="Where to write the exact bytes.")], *,
           version: Annotated[str, typer.Option(help="sha256 of a version (default: the one in force).")] = "",
           as_json: AsJson = False) -> None:  # fmt: skip
    """Write the exact bytes of a version, as they were signed."""
    from kexin.regime.queries import rulebook as stored

    with shell.told(as_json=as_json):
        current = stored.in_force()
        sha256 = version or (current.sha256 if current else "")
        data = stored.source(sha256)
        out.write_bytes(data)
        shell.answer({"file": str(out), "sha256": sha256, "bytes": len(data)}, as_json=as_json)


def _bytes(file: Path) -> bytes:
    """The file's bytes, bounded; a folder, pipe or missing file is named. `retail` is the shipped rulebook."""
    if str(file) == "retail":
        return resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    if not file.is_file():
        raise NoFile(_("没有这个文件，或不是普通文件：%(file)s") % {"file": file})
    with file.open("rb") as stream:
        return stream.read(MAX_READ)


def _caller(token: Path | None) -> Caller:
    """The person behind the token, under the purpose of governance. The secret is never an argument: others could
    read it in the list of processes."""
    from kexin.people import queries as people
    from kexin.site.instance import Instance

    secret = os.environ.get("KEXIN_TOKEN", "") if token is None else ""
    path = token or Instance().folder / "cli-token"
    if not secret and path.is_file():
        secret = path.read_text(encoding="utf-8").strip()
    held = people.token_held(secret) if secret else None
    if held is None:
        raise NoToken(remedy="kexin token create --person … --purposes governance")
    if "governance" not in held.purposes:
        raise NoToken(_("这个令牌没有“制度管理”用途"), remedy="kexin token create --person … --purposes governance")
    return held.caller.under("governance").because("kexin rulebook")


def _say(published: Published, *, as_json: bool) -> None:
    facts: dict[str, Any] = {
        "id": str(published.id), "number": published.number, "sha256": published.sha256, "loosens": published.loosens,
        "effective_at": published.effective_at.isoformat() if published.effective_at else None,
    }  # fmt: skip
    if published.difference:
        facts |= {"gained": published.difference.gained, "lost": published.difference.lost}
    shell.answer(facts, as_json=as_json)
