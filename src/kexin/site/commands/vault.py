"""`kexin vault …`: what the safe can say about itself without opening anything."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="保险库：检索索引泄露多少、组合筛选会不会指向个人。", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `plan` a command of its own even while it is the only one."""


@app.command()
def plan(as_json: bool = typer.Option(False, "--json", help="输出 JSON。")) -> None:
    """统计每个检索索引：不同值、最集中的值占比、一次查询的候选数、掌握公开分布的人能猜出的行；以及筛选组合会突出多少人。"""
    from kexin.vault import queries

    report = queries.index_plan()
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    console = Console()
    indexes = Table("索引", "人数", "不同值", "最集中", "候选", "可猜出", title="检索索引")
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
    facets = Table("筛选项组合", "人数", "少于 5 人的组里", title="组合筛选")
    for each in report.facets:
        facets.add_row(" × ".join(each.facets), f"{each.people:,}", f"{each.singled_out:,}")
    console.print(facets)
