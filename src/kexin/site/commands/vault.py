"""`kexin vault …`: what the safe can say about itself without opening anything."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from kexin.site.help import App
from kexin.site.shell import AsJson, answer, told
from kexin.site.words import gettext as _

if TYPE_CHECKING:
    from kexin.vault.search.planner import Plan

app = App(help=_("数据保险库：检索索引会泄露什么、怎样更换，后台工作做到哪里"))


@app.command(help=_("逐个检索索引：不同值、最集中的占比、一次查询的候选、可猜出的行；各种筛选组合把多少人单独挑了出来"))
def plan(*, as_json: AsJson = False) -> None:
    """Count, per search index: distinct values, share of the commonest value, candidates of one query, rows that a
    reader of public statistics could guess; and how many people each combination of filters singles out."""
    from kexin.vault import queries

    with told(as_json=as_json):
        report = queries.index_plan()
        if as_json:
            answer(asdict(report), as_json=True)
        else:
            _print_plan(report)


def _print_plan(report: Plan) -> None:
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


@app.command(help=_("后台工作做到哪里：按现行制度重新加密的记录、正在更换的检索索引"))
def status(*, as_json: AsJson = False) -> None:
    """How far background work is: records that follow the rulebook in force, search indexes that are being renewed."""
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


@app.command("renew-indexes", help=_("给每个检索索引换新密钥，其间照常检索；做到哪里见 status"))
def renew_indexes(*, as_json: AsJson = False) -> None:
    """Give every search index new keys: built beside the old ones by the worker, switched to, the old ones dropped.
    Searching goes on throughout; `status` says how far it is."""
    from kexin.foundation.caller import Caller
    from kexin.vault import operations, queries

    with told(as_json=as_json):
        if any(one.state != "active" for one in queries.generations()):
            raise operations.RenewalOpen()
        operations.renew_indexes.later(Caller.for_service("upkeep", cause="command"))
        answer({"queued": True}, as_json=as_json, text=_("已交给后台更换；进度见 kexin vault status"))
