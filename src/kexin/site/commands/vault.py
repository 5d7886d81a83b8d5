"""`kexin vault …`: what the safe can say about itself without opening anything."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="The vault: how much search indexes leak, and whom combined filters would single out.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `plan` a command of its own even while it is the only one."""


@app.command()
def plan(as_json: bool = typer.Option(False, "--json", help="Answer in JSON.")) -> None:
    """Count, per search index: distinct values, share of the commonest value, candidates of one query, rows that a
    reader of public statistics could guess; and how many people each combination of filters singles out."""
    from django.utils.translation import gettext as _

    from kexin.vault import queries

    report = queries.index_plan()
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    console = Console()
    indexes = Table(_("索引"), _("人数"), _("不同值"), _("最集中"), _("候选"), _("可猜出"), title=_("检索索引"))
    for one in report.indexes:
        indexes.add_row(
            one.index,
            f"{one.rows:,}",
            f"{one.distinct:,}",
            f"{one.skew:.1%}",
            f"{one.expected:,.1f}",
            f"{one.labelled:.1%}",
        )
    console.print(indexes)
    facets = Table(_("筛选项组合"), _("人数"), _("少于 5 人的组里"), title=_("组合筛选"))
    for each in report.facets:
        facets.add_row(" × ".join(each.facets), f"{each.people:,}", f"{each.singled_out:,}")
    console.print(facets)
