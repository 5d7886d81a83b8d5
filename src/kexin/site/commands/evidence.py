"""`kexin evidence …` and `kexin witness`: check the ledger, hand out a pack, change its keys, keep a second signature."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from kexin.site import shell
from kexin.site.help import App
from kexin.site.shell import AsJson
from kexin.site.words import gettext as _

app = App(help=_("操作存证：核对、导出给 kexin-verify、签名密钥、信任见证方"))

New = Annotated[bool, typer.Option("--new", help=_("只核对上次通过之后新增的"))]
First = Annotated[int | None, typer.Option(help=_("起始的一条，从 1 数起"))]
Last = Annotated[int | None, typer.Option(help=_("最后一条"))]
Out = Annotated[Path | None, typer.Option(help=_("存证包放在哪个目录（默认 KEXIN_HOME/evidence/packs）"))]
Vkey = Annotated[str, typer.Argument(help=_("见证方的公钥，形如 名称+摘要+base64"))]
SigningKey = Annotated[str, typer.Argument(help=_("checkpoint（存证摘要）或 receipt（回执与证明）"))]


@app.command(help=_("把每一条与外部留存逐条对照；有损坏或问不到任何外部留存时退出码为 1"))
def verify(*, new: New = False, as_json: AsJson = False) -> None:
    """Compare every line with the copies kept outside. Exit code 1 when anything is damaged or nobody could be asked."""
    from kexin.evidence import operations
    from kexin.foundation.caller import Caller

    with shell.told(as_json=as_json):
        verdict = operations.verify_now(Caller.for_service("maintenance", cause="command"), depth="new" if new else "full")
        damage = verdict.damage
        facts = {
            "state": verdict.state, "checked": verdict.checked, "size": verdict.size, "seconds": verdict.took_s,
            "witness": verdict.witness_size, "mirror": verdict.mirror_size, "undelivered": verdict.undelivered,
            "damage": damage.kind if damage else None,
            "line": damage.seq + 1 if damage and damage.seq is not None else None,
            "detail": damage.detail if damage else "",
        }  # fmt: skip
        said = {"passed": _("完好"), "failed": _("有损坏"), "impossible": _("无法核对")}.get(verdict.state, verdict.state)
        text = _("%(state)s：核对了 %(size)s 条中的 %(checked)s 条，用时 %(seconds).1f 秒") % {
            "state": said, "checked": f"{verdict.checked:,}", "size": f"{verdict.size:,}", "seconds": verdict.took_s,
        }  # fmt: skip
        if damage:
            text += f"\n{damage.kind}: {damage.detail}"
        shell.answer(facts, as_json=as_json, text=text)
        if not verdict.ok:
            raise typer.Exit(1)


@app.command(help=_("导出存证包；kexin-verify 在任何机器上都能核对，不需要密钥"))
def export(*, first: First = None, last: Last = None, out: Out = None, as_json: AsJson = False) -> None:
    """Write the pack that kexin-verify judges on any machine, without keys."""
    from kexin.evidence import operations
    from kexin.foundation.caller import Caller

    with shell.told(as_json=as_json):
        caller = Caller.for_service("maintenance", cause="command")
        path = operations.export_pack(caller, first=first, last=last, folder=out)
        shell.answer({"pack": str(path)}, as_json=as_json, text=str(path))


@app.command("keys", help=_("公开信任文件里的签名公钥、它们各管哪些条，以及信任的见证方"))
def public_keys(*, as_json: AsJson = False) -> None:
    """The public trust file for people: which key signs which lines, who is believed outside."""
    from kexin.evidence import queries

    with shell.told(as_json=as_json):
        known = queries.trust()
        lines = [
            f"{one['purpose']:10} {one['id']}  {one['since'][:10]} – {(one['until'] or '')[:10]}  "
            f"{one.get('after', 0) + 1} – {one.get('upto') or ''}".rstrip()
            for one in known["keys"]
        ]
        lines += [_("见证方 %(key)s") % {"key": key} for key in known["witnesses"]]
        shell.answer(known, as_json=as_json, text="\n".join([str(known["origin"]), *lines]))


@app.command("rotate-key", help=_("更换签名密钥：旧密钥签字移交，旧签名依然有效，存证里记一条，见证方会得知"))
def rotate_key(key: SigningKey, *, as_json: AsJson = False) -> None:
    """Serving processes take the new key at once; readers of an older trust file follow the hand-over."""
    from dataclasses import asdict

    from kexin.evidence import operations
    from kexin.foundation.caller import Caller

    with shell.told(as_json=as_json):
        done = operations.rotate_key(Caller.for_service("maintenance", cause="command"), purpose=key)
        said = _("%(purpose)s 密钥 %(old)s 已换成 %(new)s，从第 %(first)d 条起；请把新的 trust.json 交给核对的人") % {
            **asdict(done), "first": done.after + 1,
        }  # fmt: skip
        shell.answer(asdict(done), as_json=as_json, text=said)


@app.command(help=_("从现在起信任一个见证方；它的公钥要用网络以外的途径拿到"))
def trust(vkey: Vkey, *, as_json: AsJson = False) -> None:
    """Believe a witness from now on; its public key comes to you by another way than the network."""
    from kexin.evidence import operations

    with shell.told(as_json=as_json):
        try:
            key = operations.trust_witness(vkey)
        except ValueError as error:
            raise RuntimeError(str(error)) from error
        facts = {"witness": key.name, "id": key.id.hex()}
        shell.answer(facts, as_json=as_json, text=_("已信任见证方 %(witness)s（%(id)s）") % facts)


Trust = Annotated[Path, typer.Option(help=_("要见证的存证的公开信任文件（evidence/trust.json）"))]
Folder = Annotated[Path, typer.Option(help=_("放见证方密钥和状态的目录，只归自己"))]
Name = Annotated[str, typer.Option(help=_("见证方的名称，不含空格"))]
Host = Annotated[str, typer.Option(help=_("监听的地址；本机以外请在前面加 TLS"))]
Port = Annotated[int, typer.Option(min=1, max=65535, help=_("监听的端口"))]


def witness(
    *, trust: Trust, folder: Folder, name: Name = "witness", host: Host = "127.0.0.1", port: Port = 8601, as_json: AsJson = False
) -> None:
    """Keep a second signature on another machine: one key, one file; refuses anything older or rewritten."""
    from kexin.evidence import witness as program

    with shell.told(as_json=as_json):
        if not trust.is_file():
            raise RuntimeError(_("没有文件 %(path)s") % {"path": trust})
        if not name or any(sign.isspace() or sign == "+" for sign in name):
            raise RuntimeError(_("名称不能有空格和加号"))
        keeper = program.Witness(folder=folder, name=name, log_keys=program.keys_from_trust(trust))
        try:
            listening = program.server(keeper, host=host, port=port)
        except OSError as error:
            said = _("不能在 %(host)s:%(port)d 上监听：%(reason)s")
            raise RuntimeError(said % {"host": host, "port": port, "reason": error.strerror}) from error
        facts = {"url": f"http://{host}:{listening.server_address[1]}", "key": keeper.key.vkey()}
        shell.answer(facts, as_json=as_json, text=_("见证方在 %(url)s\n公钥 %(key)s") % facts)
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            listening.server_close()


def mount(root: typer.Typer) -> None:
    """`kexin evidence …` and `kexin witness`."""
    root.add_typer(app, name="evidence")
    root.command(help=_("在另一台机器上保存第二个签名：一把密钥、一个文件；拒绝更旧的和改写过的"))(witness)
