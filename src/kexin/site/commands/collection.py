"""`kexin import`: bring in a file of customers from the shell, with the verbs and the rights of the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kexin.site import shell
from kexin.site.instance import Instance
from kexin.site.shell import AsJson
from kexin.site.words import gettext as _

_CHUNK = 1 << 20

FilePath = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=_("CSV 或 XLSX 文件"))]
Source = Annotated[str, typer.Option(help=_("来源的种类：offline、form、legacy、crm、referral、partner"))]
Label = Annotated[str, typer.Option(help=_("这是哪一次收集，用一句话写明；默认用文件名"))]
Purpose = Annotated[str, typer.Option(help=_("制度里的用途代码：presale、service、contract_b2b……"))]
Basis = Annotated[str, typer.Option(help=_("该用途的合法性基础；来源或凭证不明写 unproven"))]
Map = Annotated[list[str] | None, typer.Option("--map", help=_("列名=项目；写成“列名=”就不导入这一列；可重复"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("逐行试一遍，什么也不写入"))]
Known = Annotated[bool, typer.Option("--write-known", help=_("与现有客户同一联系方式的行也写入"))]
TokenFile = Annotated[Path | None, typer.Option("--token", help=_("本人令牌所在的文件；默认 KEXIN_HOME/cli-token"))]
ErrorFile = Annotated[Path | None, typer.Option("--errors", help=_("把没有写入的行写到哪个文件（XLSX）"))]
Resume = Annotated[str, typer.Option(help=_("接着做被打断的这一次导入"))]


def mount(root: typer.Typer) -> None:
    """`import` is a word of Python: the function has another name."""
    root.command("import", help=_("从文件导入客户，以令牌本人的名义；CSV 至多一百万行"))(bring_in)


def bring_in(
    file: FilePath, *, source: Source, purpose: Purpose, basis: Basis, label: Label = "", mapping: Map = None,
    dry_run: DryRun = False, write_known: Known = False, token: TokenFile = None, errors: ErrorFile = None,
    resume: Resume = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Bring in customers from FILE. Acts as the person whose token it finds; up to 1,000,000 rows of CSV."""
    import uuid

    from kexin.chapters.collection import operations, queries
    from kexin.chapters.collection.adapters.tables import COMMAND_ROWS
    from kexin.chapters.collection.types import Declaration

    with shell.told(as_json=as_json):
        caller = _caller(token or Instance().folder / "cli-token", purpose)
        if resume:
            run = uuid.UUID(resume)
        else:
            run = operations.open_import(caller, chunks=_chunks(file), name=file.name, max_rows=COMMAND_ROWS)
            columns = queries.view(caller, run=run).columns
            operations.map_columns(caller, run=run, mapping=_mapped(columns, mapping or []))
            declared = Declaration(source=source, purpose=purpose, basis=basis, label=label or file.stem)
            operations.declare(caller, run=run, declaration=declared)
            typer.echo(_("导入 %(run)s：如果被打断，用 --resume %(run)s 接着做") % {"run": run}, err=True)
        with _bar(as_json=as_json) as moved:
            if dry_run:
                view = operations.try_now(caller, run=run, progress=moved)
            else:
                view = operations.run(caller, run=run, write_known=write_known, progress=moved)
        if errors and view.counts.left_out + view.counts.known:
            errors.write_bytes(operations.error_file(caller, run=run).content)
            errors.chmod(0o600)
        facts = _facts(view, dry_run=dry_run)
        shell.answer(facts, as_json=as_json, text=_text(facts, view))


def _caller(path: Path, purpose: str) -> Any:
    """The person behind a token, under one of the token's purposes."""
    from kexin.people import operations as people
    from kexin.people import queries
    from kexin.people.types import TokenRefused

    if not path.exists():
        raise RuntimeError(_("没有 %(path)s：请用 `kexin token create` 建一个令牌，再用 --token 写明文件") % {"path": path})
    if path.stat().st_mode & 0o077:
        raise RuntimeError(_("%(path)s 别人也能读：chmod 600 %(path)s") % {"path": path})
    held = queries.token_held(path.read_text(encoding="utf-8").strip())
    if held is None:
        people.count_refused_token()
        raise TokenRefused(remedy="kexin token create")
    if purpose not in held.purposes:
        raise TokenRefused(remedy="--purpose: " + ", ".join(held.purposes))
    return held.caller.under(purpose).because("command:import")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _mapped(columns: Any, wishes: list[str]) -> dict[int, str]:
    """The proposal, with what was asked for on the command line on top."""
    parted = (wish.partition("=") for wish in wishes)
    told = {header: attribute for header, _equals, attribute in parted}
    unknown = set(told) - {column.header for column in columns}
    if unknown:
        raise RuntimeError(_("--map：文件里没有这些列：%(columns)s") % {"columns": ", ".join(sorted(unknown))})
    taken = set(told.values()) - {""}
    return {
        column.index: told.get(column.header, "" if column.attribute in taken else column.attribute)
        for column in columns
    }


class _bar:
    """A progress bar on a terminal, silence for JSON."""

    def __init__(self, *, as_json: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True)
        self._task: Any = None

    def __enter__(self) -> Any:
        self._progress.start()
        self._task = self._progress.add_task(_("行"), total=None)
        return self._moved

    def _moved(self, view: Any) -> None:
        self._progress.update(self._task, completed=view.rows_done, total=view.rows)

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()


def _facts(view: Any, *, dry_run: bool) -> dict[str, Any]:
    counts = view.counts
    return {
        "import": str(view.id), "stage": view.stage.value, "dry_run": dry_run, "rows": counts.total, "new": counts.new,
        "known": counts.known, "repeated": counts.repeated, "refused": counts.refused, "written": counts.written,
        "left_out_columns": {one.header: one.why or "-" for one in view.columns if one.why or not one.attribute},
    }  # fmt: skip


def _text(facts: dict[str, Any], view: Any) -> str:
    counted = {name: f"{facts[name]:,}" for name in ("rows", "new", "written", "known", "repeated", "refused")}
    lines = [
        (_("%(rows)s 行：会写入 %(new)s") if facts["dry_run"] else _("%(rows)s 行：已写入 %(written)s")) % counted,
        _("没有写入：可能已有 %(known)s，文件内重复 %(repeated)s，不合格 %(refused)s") % counted,
    ]
    left_out = _("列 %(header)s：没有导入。%(why)s")
    lines += [left_out % {"header": header, "why": why} for header, why in facts["left_out_columns"].items()]
    if view.counts.left_out + view.counts.known:
        lines.append(_("--errors 文件名：写出没有写入的行和原因"))
    return "\n".join(lines)
