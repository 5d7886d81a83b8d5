"""`kexin vault …`: what the safe can say about itself without opening anything."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from kexin.site.shell import AsJson, answer, told

app = typer.Typer(help="The vault: what search indexes leak, how they are renewed, how far background work is.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The vault."""


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


@app.command()
def status(as_json: AsJson = False) -> None:
    """How far background work is: records that follow the rulebook in force, search indexes that are being renewed."""
    from django.utils.translation import gettext as _

    from kexin.vault import queries

    with told(as_json=as_json):
        walk, found, behind = queries.rebuild(), queries.generations(), queries.tokens_behind()
        suite = queries.suites_behind()
        facts = {
            "records": asdict(walk),
            "suite": asdict(suite),
            "indexes": [{**asdict(one), "behind": behind.get(one.index, 0)} for one in found],
        }
        lines = [_("按现行制度加密：已完成 %(done)s，还差 %(behind)s") % {"done": walk.done, "behind": walk.behind}]
        lines.append(
            _("密码套件 %(suite)s：还差 %(envelopes)s 个加密记录、%(keys)s 把密钥、%(indexes)s 个检索索引。本软件不是经认证的商用密码产品。")
            % asdict(suite)
        )
        lines += [f"{one.index}  {one.gen}  {one.state}  {behind.get(one.index, '')}".rstrip() for one in found]
        answer(facts, as_json=as_json, text="\n".join(lines))


@app.command("renew-indexes")
def renew_indexes(as_json: AsJson = False) -> None:
    """Give every search index new keys: built beside the old ones by the worker, switched to, the old ones dropped.
    Searching goes on throughout; `status` says how far it is."""
    from django.utils.translation import gettext as _

    from kexin.foundation.caller import Caller
    from kexin.vault import operations, queries

    with told(as_json=as_json):
        if any(one.state != "active" for one in queries.generations()):
            raise operations.RenewalOpen()
        operations.renew_indexes.later(Caller.for_service("upkeep", cause="command"))
        answer({"queued": True}, as_json=as_json, text=_("已交给后台更换；进度见 kexin vault status"))
