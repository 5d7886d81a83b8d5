"""`kexin evidence …` and `kexin witness`: check the ledger, hand out a pack, keep a second signature elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kexin.site import shell
from kexin.site.shell import AsJson

app = typer.Typer(no_args_is_help=True, help="The ledger: verify it, export a pack for kexin-verify, trust a witness.")

New = Annotated[bool, typer.Option("--new", help="Only what came since the last passed run.")]
First = Annotated[int | None, typer.Option(help="First line, counted from 1.")]
Last = Annotated[int | None, typer.Option(help="Last line.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the pack (default: KEXIN_HOME/evidence/packs).")]
Vkey = Annotated[str, typer.Argument(help="The witness's public key: name+hash+base64.")]


@app.command()
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
        text = f"{verdict.state}: {verdict.checked:,} of {verdict.size:,} lines in {verdict.took_s:.1f} s"
        if damage:
            text += f"\n{damage.kind}: {damage.detail}"
        shell.answer(facts, as_json=as_json, text=text)
        if not verdict.ok:
            raise typer.Exit(1)


@app.command()
def export(*, first: First = None, last: Last = None, out: Out = None, as_json: AsJson = False) -> None:
    """Write the pack that kexin-verify judges on any machine, without keys."""
    from kexin.evidence import operations
    from kexin.foundation.caller import Caller

    with shell.told(as_json=as_json):
        caller = Caller.for_service("maintenance", cause="command")
        path = operations.export_pack(caller, first=first, last=last, folder=out)
        shell.answer({"pack": str(path)}, as_json=as_json, text=str(path))


@app.command()
def trust(vkey: Vkey, *, as_json: AsJson = False) -> None:
    """Believe a witness from now on; its public key comes to you by another way than the network."""
    from kexin.evidence import operations

    with shell.told(as_json=as_json):
        try:
            key = operations.trust_witness(vkey)
        except ValueError as error:
            raise RuntimeError(str(error)) from error
        shell.answer({"witness": key.name, "id": key.id.hex()}, as_json=as_json)


Trust = Annotated[Path, typer.Option(help="Public trust file of the ledger to watch (evidence/trust.json).")]
Folder = Annotated[Path, typer.Option(help="Folder for the witness's key and state; yours alone.")]
Name = Annotated[str, typer.Option(help="Name of this witness, without spaces.")]
Host = Annotated[str, typer.Option(help="Address to listen on; put TLS in front of anything but loopback.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def witness(
    *, trust: Trust, folder: Folder, name: Name = "witness", host: Host = "127.0.0.1", port: Port = 8601, as_json: AsJson = False
) -> None:
    """Keep a second signature on another machine: one key, one file; refuses anything older or rewritten."""
    from kexin.evidence import witness as program

    with shell.told(as_json=as_json):
        if not trust.is_file() or any(sign.isspace() or sign == "+" for sign in name):
            raise RuntimeError(f"{trust} is not a file" if not trust.is_file() else "a name has no spaces and no plus sign")
        keeper = program.Witness(folder=folder, name=name, log_keys=program.keys_from_trust(trust))
        try:
            listening = program.server(keeper, host=host, port=port)
        except OSError as error:
            raise RuntimeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        facts = {"url": f"http://{host}:{listening.server_address[1]}", "key": keeper.key.vkey()}
        shell.answer(facts, as_json=as_json)
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            listening.server_close()


def mount(root: typer.Typer) -> None:
    """`kexin evidence …` and `kexin witness`."""
    root.add_typer(app, name="evidence")
    root.command()(witness)
