"""`kexin rulebook …`: choose, check, compare, draft, sign and hand out the company's rulebook."""

from __future__ import annotations

import os
import uuid
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
    from collections.abc import Mapping

    from kexin.foundation.caller import Caller
    from kexin.regime.operations.publishing import Published
    from kexin.regime.rulebook import Finding
    from kexin.regime.types import ImpactView

app = App(help=_("制度：自带的几份、核对文件、看谁多了权限、提出、签署、导出"))

File = Annotated[Path, typer.Argument(help=_("YAML 写的制度；retail、b2b、small 指产品自带的那几份"))]
Token = Annotated[
    Path | None,
    typer.Option(help=_("本人令牌所在的文件（默认 KEXIN_TOKEN 或 KEXIN_HOME/cli-token）")),
]
English = Annotated[bool, typer.Option("--english", help=_("用英文写发现的问题"))]
Persons = Annotated[
    int | None, typer.Option(min=0, help=_("持有多少自然人的信息（默认在这里数），用于小型处理者的上限"))
]
Against = Annotated[Path | None, typer.Option(help=_("与另一个文件比较，而不是与现行版本"))]
VersionId = Annotated[str, typer.Argument(help=_("待签版本的编号，见 kexin rulebook list"))]
Out = Annotated[Path, typer.Argument(help=_("写到哪个文件"))]
Sha256 = Annotated[str, typer.Option(help=_("某一版的 sha256（默认现行版本）"))]
Shipped = Annotated[str, typer.Option("--default", help=_("改为产品自带的一份，作为您自己的草稿"))]
Form = Annotated[str, typer.Option("--format", help=_("yaml：按签署时的字节原样；docx 或 pdf：正式文本"))]
Once = Annotated[bool, typer.Option("--once", help=_("已有制度时什么也不做"))]
Seen = Annotated[str, typer.Option("--impact", help=_("看过的影响预览的摘要，见 kexin rulebook impact"))]
MAX_READ = 10_000_000


class NoToken(Refused):
    """Commands on the rulebook need a token of a named person."""

    code = "no-token"
    title = gettext_lazy("没有执行：需要本人的令牌（kexin token create）")


class NoFile(NotFound):
    """The file is not there or cannot be read."""

    code = "no-file"
    title = gettext_lazy("没有这个文件，或无法读取")


@app.command(help=_("产品自带的制度：代号、名称、适合谁，各附多少份影响评估草稿"))
def defaults(*, as_json: AsJson = False) -> None:
    """The rulebooks that ship with the product: key, name, for whom, and how many assessments are drafted beside each."""
    from kexin.foundation.ui.words import say
    from kexin.regime import queries

    with shell.told(as_json=as_json):
        found = queries.defaults()
        rows = [
            {"key": one.key, "label": dict(one.label), "for_whom": dict(one.for_whom), "size": one.size,
             "assessments": [draft.key for draft in one.assessments], "form": [row.scenario for row in one.form]}
            for one in found
        ]  # fmt: skip
        text = "\n".join(f"{one.key:8} {say(one.label)}: {say(one.for_whom)} ({len(one.assessments)})" for one in found)
        shell.answer({"rulebooks": rows}, as_json=as_json, text=text)


@app.command(help=_("严格读一份制度，对照法律和它自己；不能发布时退出码为 1"))
def check(file: File, *, persons: Persons = None, english: English = False, as_json: AsJson = False) -> None:
    """Read a rulebook strictly and check it against law and itself. Exit code 1 when it could not be published."""
    from kexin.regime.rulebook import RulebookInvalid, parse
    from kexin.regime.rulebook import check as checking

    with shell.told(as_json=as_json):
        counted = persons
        try:
            parsed = parse(_bytes(file))
            if counted is None and parsed.rulebook.profile.size == "small":
                counted = _persons()
            findings: tuple[Finding, ...] = checking.check(parsed, persons=counted or 0)
        except RulebookInvalid as error:
            findings = error.findings
        wrong = len(checking.errors(findings))
        facts = {
            "ok": not wrong, "errors": wrong, "persons": counted, "findings": [finding.document() for finding in findings]
        }  # fmt: skip
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
def install(file: File, *, once: Once = False, as_json: AsJson = False) -> None:
    """Put the first rulebook of a new installation in force, from the host's shell. Refused once there is any."""
    from kexin.foundation.caller import Caller
    from kexin.regime import operations
    from kexin.regime.queries import rulebook as stored

    with shell.told(as_json=as_json):
        if once and (there := stored.versions(limit=1)):
            shell.answer({"installed": False, "number": there[0].number, "sha256": there[0].sha256}, as_json=as_json)
            return
        setup = Caller.for_service("setup", cause="kexin rulebook")
        _say(operations.install_rulebook(setup, source=_bytes(file)), as_json=as_json)


@app.command(help=_("数一数一份制度会改变真实在册的哪些人；它的摘要就是签名所指的"))
def impact(file: File, *, token: Token = None, as_json: AsJson = False) -> None:
    """Count what a rulebook would change for the people who are really there; its digest is what a signature names."""
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        seen = operations.assess_now(_caller(token), source=_bytes(file))
        shell.answer({"digest": seen.digest, "took_s": seen.took_s, **(seen.result or {})}, as_json=as_json, text=_told(seen))


def _told(seen: ImpactView) -> str:
    """An impact as lines of the terminal."""
    result: Mapping[str, Any] = seen.result or {}
    lines = [
        _("%(sign)s %(role)s %(purpose)s %(action)s %(attribute)s：%(people)s 人") % {**cell, "sign": "+" if cell["gains"] else "-"}
        for cell in result["cells"]
    ]
    lines += [
        _("停止 %(people)s 人，不知道 %(missing)s：%(rule)s") % {**one, "missing": ", ".join(one["missing"])}
        for one in result["stopped"]
    ]
    lines += [_("失效 %(count)s 份同意：%(purpose)s %(channel)s") % one for one in result["consents"]]
    lines += [
        (_("停止 %(count)s 项：%(kind)s") if one["stops"] else _("改变 %(count)s 项：%(kind)s")) % one for one in result["affected"]
    ]
    lines.append(
        _("%(gains)s 格放宽，%(losses)s 格收紧；涉及 %(people)s 人中的 %(touched)s 人；%(stale)s 份同意失效") % result
    )
    lines.append(_("总的来说是放宽") if result["loosens"] else _("总的来说是收紧"))
    return "\n".join([*lines, f"impact {seen.digest}"])


@app.command(help=_("以令牌本人的名义提出并签署一版；另一个人再签"))
def publish(file: File, *, impact: Seen = "", token: Token = None, as_json: AsJson = False) -> None:
    """Draft and sign a version as the person behind the token; another person signs after."""
    from kexin.regime import operations

    with shell.told(as_json=as_json):
        _say(operations.publish_rulebook(_caller(token), source=_bytes(file), impact=impact), as_json=as_json)


@app.command(help=_("另一个人的第二个签名；签后生效"))
def sign(version: VersionId, *, impact: Seen = "", token: Token = None, as_json: AsJson = False) -> None:
    """The second signature, by another person; the version is in force from then on."""
    from kexin.regime import operations
    from kexin.regime.queries.rulebook import VersionUnknown

    with shell.told(as_json=as_json):
        try:
            identity = uuid.UUID(version)
        except ValueError:
            raise VersionUnknown() from None
        _say(operations.sign_rulebook(_caller(token), version=identity, impact=impact), as_json=as_json)


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


@app.command(help=_("写出一版制度：签署时的字节，或由它生成的正式文本；或产品自带的一份"))
def export(out: Out, *, version: Sha256 = "", shipped: Shipped = "", form: Form = "yaml", as_json: AsJson = False) -> None:
    """Write a version: the exact bytes as they were signed, or the formal 客户信息管理制度 made from them; or a shipped
    rulebook, to be edited and installed."""
    import hashlib

    from kexin.regime.queries import rulebook as stored

    with shell.told(as_json=as_json):
        if shipped:
            source = _shipped(shipped)
        else:
            current = stored.in_force()
            source = stored.source(version or (current.sha256 if current else ""))
        sha256 = hashlib.sha256(source).hexdigest()
        data = source if form == "yaml" else _document(sha256, form)
        out.write_bytes(data)
        shell.answer({"file": str(out), "sha256": sha256, "format": form, "bytes": len(data)}, as_json=as_json)


def _shipped(key: str) -> bytes:
    """A shipped rulebook; an unknown key is named beside those that there are."""
    from kexin.regime.rulebook.defaults import shipped

    if key not in shipped():
        raise NoFile(_("没有这份缺省制度：%(key)s，可选 %(known)s") % {"key": key, "known": ", ".join(shipped())})
    return shipped()[key].source()


def _persons() -> int | None:
    """How many natural persons this installation holds; None where there is none, or its database does not answer."""
    from django.db import DatabaseError

    from kexin.regime.register import persons
    from kexin.site.instance import Instance

    if not Instance().exists():
        return None
    try:
        return persons()
    except DatabaseError:
        return None


def _document(sha256: str, form: str) -> bytes:
    """The newest version of those bytes as a formal document."""
    from kexin.chapters.compliance.queries import documents
    from kexin.foundation.caller import Caller
    from kexin.regime.queries import rulebook as stored

    number = next((row.number for row in stored.versions(limit=10_000) if row.sha256 == sha256), 0)
    shell_caller = Caller.for_service("maintenance", cause="kexin rulebook")
    return documents.document(shell_caller, number=number, kind=form).content


def _bytes(file: Path) -> bytes:
    """The file's bytes, bounded; a folder, pipe or missing file is named. The key of a shipped rulebook means that one;
    a file of the same name is ./retail."""
    from kexin.regime.rulebook.defaults import shipped

    if str(file) in shipped():
        return shipped()[str(file)].source()
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
