"""`kexin rulebook …`: check, compare, draft, sign and hand out the company's rulebook."""

from __future__ import annotations

import os
import uuid
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from django.utils.translation import gettext_lazy

from kexin.foundation.problems import NotFound, Refused
from kexin.site import shell, words
from kexin.site.help import App
from kexin.site.shell import AsJson
from kexin.site.words import gettext as _

if TYPE_CHECKING:
    from kexin.foundation.caller import Caller
    from kexin.regime.operations.publishing import Published
    from kexin.regime.rulebook import Finding

app = App(help=_("制度：核对文件、看谁多了权限、提出、签署、导出"))

File = Annotated[Path, typer.Argument(help=_("YAML 写的制度；retail 指产品自带的那一份"))]
Token = Annotated[
    Path | None,
    typer.Option(help=_("本人令牌所在的文件（默认 KEXIN_TOKEN 或 KEXIN_HOME/cli-token）")),
]
English = Annotated[bool, typer.Option("--english", help=_("用英文写发现的问题"))]
Against = Annotated[Path | None, typer.Option(help=_("与另一个文件比较，而不是与现行版本"))]
VersionId = Annotated[str, typer.Argument(help=_("待签版本的编号，见 kexin rulebook list"))]
Out = Annotated[Path, typer.Argument(help=_("把原样的字节写到哪个文件"))]
Sha256 = Annotated[str, typer.Option(help=_("某一版的 sha256（默认现行版本）"))]
MAX_READ = 10_000_000


class NoToken(Refused):
    """Commands on the rulebook need a token of a named person."""

    code = "no-token"
    title = gettext_lazy("没有执行：需要本人的令牌（kexin token create）")


class NoFile(NotFound):
    """The file is not there or cannot be read."""

    code = "no-file"
    title = gettext_lazy("没有这个文件，或无法读取")


@app.command(help=_("严格读一份制度，对照法律和它自己；不能发布时退出码为 1"))
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
        spoken = "en" if english or words.language() == "en" else "zh"
        lines = [f"{finding.level}: {finding.text(spoken)}" for finding in findings]
        summary = _("错误 %(wrong)d 处，其他 %(other)d 处") % {"wrong": wrong, "other": len(findings) - wrong}
        shell.answer(facts, as_json=as_json, text="\n".join([*lines, summary]))
        if wrong:
            raise typer.Exit(1)


@app.command(help=_("一份制度会改变什么：条目，以及角色×用途×操作×项目里多出和减少的权限"))
def diff(file: File, *, against: Against = None, as_json: AsJson = False) -> None:
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
        summary = _("放宽：多出 %(gained)d 项权限，减少 %(lost)d 项") if change.loosens else _("收紧：多出 %(gained)d 项权限，减少 %(lost)d 项")
        lines.append(summary % {"gained": change.gained, "lost": change.lost})
        shell.answer(change.document(), as_json=as_json, text="\n".join(lines))


@app.command(help=_("让新系统的第一份制度生效，在主机上执行；已有制度时拒绝"))
def install(file: File, *, as_json: AsJson = False) -> None:
    """Put the first rulebook of a new installation in force, from the host's shell. Refused once there is any."""
    from kexin.foundation.caller import Caller
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        setup = Caller.for_service("setup", cause="kexin rulebook")
        _say(operations.install_rulebook(setup, source=_bytes(file)), as_json=as_json)


@app.command(help=_("以令牌本人的名义提出并签署一版；另一个人再签"))
def publish(file: File, *, token: Token = None, as_json: AsJson = False) -> None:
    """Draft and sign a version as the person behind the token; another person signs after."""
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        _say(operations.publish_rulebook(_caller(token), source=_bytes(file)), as_json=as_json)


@app.command(help=_("另一个人的第二个签名；签后生效"))
def sign(version: VersionId, *, token: Token = None, as_json: AsJson = False) -> None:
    """The second signature, by another person; the version is in force from then on."""
    from kexin.regime import operations
    from kexin.regime.queries.rulebook import VersionUnknown

    with shell.told(as_json=as_json):
        try:
            identity = uuid.UUID(version)
        except ValueError:
            raise VersionUnknown() from None
        _say(operations.sign_rulebook(_caller(token), version=identity), as_json=as_json)


@app.command("list", help=_("最新的各版和它们的状态"))
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
        shell.answer(facts, as_json=as_json, text=text or _("还没有任何一版"))


@app.command(help=_("把一版制度按签署时的字节原样写出"))
def export(out: Out, *, version: Sha256 = "", as_json: AsJson = False) -> None:
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
