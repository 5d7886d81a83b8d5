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
from kexin.site.help import App, mistyped
from kexin.site.instance import Instance
from kexin.site.shell import AsJson
from kexin.site.words import gettext as _

app = App(
    name="kexin", add_completion=False, pretty_exceptions_enable=False, help=_("客信 Kexin：自己运转的客户信息管理制度")
)


def _port() -> int:
    text = os.environ.get("KEXIN_PORT", "").strip() or "8600"
    if not text.isdecimal() or not 1 <= int(text) <= 65534:
        raise launcher.DoesNotCome(_("KEXIN_PORT=%(text)s 应是 1 到 65534 之间的数字") % {"text": text})
    return int(text)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _load_demo(instance: Instance) -> None:
    """The demo company, told once; another start finds it there."""
    from kexin.site import demo

    demo.load(instance=instance, say=_say)


Demo = Annotated[bool, typer.Option("--demo", help=_("建立演示公司；只在新建数据库时有效"))]
Rulebook = Annotated[
    str, typer.Option(help=_("从产品自带的制度开始：retail、b2b 或 small，见 kexin rulebook defaults；只有第一份有效"))
]


@app.command(help=_("启动数据库、网页、后台、存证和见证程序；Ctrl-C 全部停止"))
def run(*, demo: Demo = False, rulebook: Rulebook = "", as_json: AsJson = False) -> None:
    """Start databases, web, worker, sequencer and witness; Ctrl-C stops all of them."""
    with shell.told(as_json=as_json):
        _tell_again(Instance())
        launcher.run(
            demo=demo, port=_port(), load_demo=_load_demo, rulebook=rulebook,
            say=(lambda line: shell.answer({"line": line}, as_json=True)) if as_json else _say,
        )  # fmt: skip


@app.command(help=_("建立或升级数据库、角色、权限和密钥，不启动任何服务"))
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
        warnings = launcher.warnings(facts)
        facts = {"home": str(instance.folder), **facts}
        done = _("已就绪：%(home)s；用 `kexin run` 启动") % facts
        shell.answer({**facts, "warnings": warnings}, as_json=as_json, text="\n".join([done, *warnings]))


@app.command(help=_("这套系统哪里不对，该怎么办"))
def doctor(*, as_json: AsJson = False) -> None:
    """What is wrong with this installation, and what to do about it."""
    from kexin.site import doctor as examination

    with shell.told(as_json=as_json):
        findings = examination.examine(Instance(), port=_port())
        facts = {"ok": all(one.ok for one in findings), "findings": [one.document() for one in findings]}
        shell.answer(facts, as_json=as_json, text="\n".join(one.line for one in findings))
        if not facts["ok"]:
            raise typer.Exit(1)


@app.command("demo-reset", help=_("扔掉演示公司；下一次 `kexin run --demo` 重新建立。正式使用的系统会被拒绝"))
def demo_reset(*, as_json: AsJson = False) -> None:
    """Throw the demo company away; the next `kexin run --demo` makes a new one. Refuses real installations."""
    with shell.told(as_json=as_json):
        instance = Instance()
        if not instance.exists():
            nothing = _("没有可以扔掉的")
            shell.answer({"reset": False, "detail": nothing}, as_json=as_json, text=nothing)
            return
        if instance.read_record().get("demo") is not True:
            said = _("%(folder)s 不是作为演示建立的：什么也没有扔掉")
            raise launcher.DoesNotCome(said % {"folder": instance.folder})
        if not launcher.is_embedded():
            raise launcher.DoesNotCome(_("数据库是外部的：请自行删除两个数据库，再删除 KEXIN_HOME"))
        _throw_away(instance)
        facts = {"reset": True, "home": str(instance.folder)}
        shell.answer(facts, as_json=as_json, text=_("演示公司已扔掉：%(home)s") % facts)


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
        _say(_("演示公司上次只建了一半，正在重新建立"))
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
    try:
        # Not standing alone, it answers with the code of a typer.Exit.
        sys.exit(app(prog_name="kexin", standalone_mode=False) or 0)
    except typer.TyperException as error:
        if type(error).__name__ != "NoArgsIsHelpError":  # then the help stands there already
            said = mistyped(error)
            shell.refuse({"error": "mistyped", "detail": said}, [said], as_json="--json" in sys.argv)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)


if __name__ == "__main__":
    main()
