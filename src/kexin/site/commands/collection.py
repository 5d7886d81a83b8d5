"""`kexin import`: bring in a file of customers from the shell, with the verbs and the rights of the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from kexin.site import shell
from kexin.site.instance import Instance
from kexin.site.shell import AsJson

_CHUNK = 1 << 20

FilePath = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or XLSX.")]
Source = Annotated[str, typer.Option(help="Kind of source: offline, form, legacy, crm, referral, partner.")]
Label = Annotated[str, typer.Option(help="Which collection this was, in words; default: the file's name.")]
Purpose = Annotated[str, typer.Option(help="Purpose code of the rulebook: presale, service, contract_b2b …")]
Basis = Annotated[str, typer.Option(help="Legal basis of that purpose, or `unproven` (来源或凭证不明).")]
Map = Annotated[list[str] | None, typer.Option("--map", help="HEADER=ATTRIBUTE, or HEADER= to leave it out; repeatable.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row, write nothing.")]
Known = Annotated[bool, typer.Option("--write-known", help="Also write rows that share a contact with a customer.")]
TokenFile = Annotated[Path | None, typer.Option("--token", help="File with a person's token; default KEXIN_HOME/cli-token.")]
ErrorFile = Annotated[Path | None, typer.Option("--errors", help="Where to write the rows that were left out (XLSX).")]
Resume = Annotated[str, typer.Option(help="Go on with this import after it was interrupted.")]


def mount(root: typer.Typer) -> None:
    """`import` is a word of Python: the function has another name."""
    root.command("import")(bring_in)


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
            typer.echo(f"import {run}: if it is interrupted, go on with --resume {run}", err=True)
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
        raise RuntimeError(f"{path} does not exist: make a token (`kexin token create`) and name its file with --token")
    if path.stat().st_mode & 0o077:
        raise RuntimeError(f"{path} is readable by others: chmod 600 {path}")
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
        raise RuntimeError(f"--map: the file has no column {', '.join(sorted(unknown))}")
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
        self._task = self._progress.add_task("rows", total=None)
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
    verb = f"would write {facts['new']:,}" if facts["dry_run"] else f"wrote {facts['written']:,}"
    lines = [
        f"{facts['rows']:,} rows: {verb}",
        f"left out: {facts['known']:,} possibly known, {facts['repeated']:,} repeated in the file, {facts['refused']:,} refused",
    ]
    lines += [f"column {header}: left out. {why}" for header, why in facts["left_out_columns"].items()]
    if view.counts.left_out + view.counts.known:
        lines.append("--errors FILE writes the rows that were left out, with reasons")
    return "\n".join(lines)
