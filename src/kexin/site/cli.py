"""The `kexin` command: run, set up, examine; the rooms' own commands are mounted from `site/commands`."""

from __future__ import annotations

import os
import pkgutil
import shutil
import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from kexin.site import commands, launcher, shell
from kexin.site.instance import Instance
from kexin.site.shell import AsJson

app = typer.Typer(
    name="kexin", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Kexin 客信: a customer information regime that runs itself.",
)  # fmt: skip


def _port() -> int:
    text = os.environ.get("KEXIN_PORT", "").strip() or "8600"
    if not text.isdecimal() or not 1 <= int(text) <= 65534:
        raise launcher.DoesNotCome(f"KEXIN_PORT={text!r} must be a number from 1 to 65534")
    return int(text)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _load_demo(instance: Instance) -> None:
    """The demo company, told once; another start finds it there."""
    from kexin.site import demo

    demo.load(instance=instance, say=_say)


Demo = Annotated[bool, typer.Option("--demo", help="Create the demo company. Only when the database is made.")]
Rulebook = Annotated[
    str, typer.Option(help="Begin with a shipped rulebook: retail, b2b or small (`kexin rulebook defaults`). Only the first counts.")
]


@app.command()
def run(*, demo: Demo = False, rulebook: Rulebook = "", as_json: AsJson = False) -> None:
    """Start databases, web, worker, sequencer and witness; Ctrl-C stops all of them."""
    with shell.told(as_json=as_json):
        _tell_again(Instance())
        launcher.run(
            demo=demo, port=_port(), load_demo=_load_demo, rulebook=rulebook,
            say=(lambda line: shell.answer({"line": line}, as_json=True)) if as_json else _say,
        )  # fmt: skip


@app.command()
def setup(*, demo: Demo = False, rulebook: Rulebook = "", as_json: AsJson = False) -> None:
    """Make or upgrade databases, roles, rights and keys, without starting anything."""
    with shell.told(as_json=as_json):
        launcher.known_rulebook(rulebook, demo=demo)
        instance = Instance()
        instance.create(embedded=launcher.is_embedded())
        with launcher.alone(instance), launcher.clusters(instance):
            facts = launcher.set_up(instance, demo=demo)
            if rulebook and not facts["demo"]:
                facts["rulebook"] = launcher.first_rulebook(instance, rulebook)
        shell.answer({"home": str(instance.folder), **facts}, as_json=as_json)


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """What is wrong with this installation, and what to do about it."""
    from kexin.site import doctor as examination

    with shell.told(as_json=as_json):
        findings = examination.examine(Instance(), port=_port())
        lines = [f"{'ok ' if one.ok else 'BAD'}  {one.what}" + ("" if one.ok else f": {one.remedy}") for one in findings]
        facts = {"ok": all(one.ok for one in findings), "findings": [one.document() for one in findings]}
        shell.answer(facts, as_json=as_json, text="\n".join(lines))
        if not facts["ok"]:
            raise typer.Exit(1)


@app.command("demo-reset")
def demo_reset(*, as_json: AsJson = False) -> None:
    """Throw the demo company away; the next `kexin run --demo` makes a new one. Refuses real installations."""
    with shell.told(as_json=as_json):
        instance = Instance()
        if not instance.exists():
            shell.answer({"reset": False, "detail": "there is nothing to reset"}, as_json=as_json)
            return
        if instance.read_record().get("demo") is not True:
            raise launcher.DoesNotCome(f"{instance.folder} was not born as a demo: nothing is thrown away")
        if not launcher.is_embedded():
            raise launcher.DoesNotCome("the databases are external: drop them yourself, then remove KEXIN_HOME")
        _throw_away(instance)
        shell.answer({"reset": True, "home": str(instance.folder)}, as_json=as_json)


def _throw_away(instance: Instance) -> None:
    with launcher.alone(instance):
        for cluster in ("main", "keyring"):
            _clear_leftover(instance, cluster)
        for path in sorted(instance.folder.iterdir()):
            if path.name != "run":
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _tell_again(instance: Instance) -> None:
    """Throw away a demo company whose telling was cut short (kill -9, power); never anything else."""
    from kexin.site import demo

    told_half = instance.exists() and instance.read_record().get("demo") is True and demo.half_told(instance.folder).exists()
    if told_half and launcher.is_embedded():
        _say("the demo company was interrupted half-way and is made again")
        _throw_away(instance)


def _clear_leftover(instance: Instance, cluster: str) -> None:
    from kexin.site.postgres import Cluster

    Cluster(instance, cluster).clear_leftover()


def _mount() -> None:
    for found in pkgutil.iter_modules(commands.__path__):
        module: Any = import_module(f"{commands.__name__}.{found.name}")
        if hasattr(module, "mount"):
            module.mount(app)
        else:
            app.add_typer(module.app, name=found.name.rstrip("_").replace("_", "-"))


#: Commands that must work before anything is set up, or while the databases are down.
OWN = frozenset({"run", "setup", "doctor", "demo-reset"})


def main() -> None:
    """Entry point of the `kexin` script."""
    if (sys.argv[1:2] or [""])[0] not in OWN:
        try:
            with shell.told(as_json="--json" in sys.argv):
                # Help texts must come without an installation, too; a command then says itself what is missing.
                shell.ready("web" if Instance().exists() else "")
                _mount()
        except typer.Exit as ended:  # outside the app nobody turns it into an exit code
            sys.exit(ended.exit_code)
    app()


if __name__ == "__main__":
    main()
