"""Help texts and mistakes of typing in the language of the shell. The library below speaks English alone, and cuts lines
that have no spaces, as Chinese ones have none: so the page is drawn here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer import core

from kexin.site.words import gettext as _


class _Speaks:
    """What a command and a group of commands draw alike."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_("用法：") + " ")

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("显示本说明")
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, one sentence, then arguments, options and commands in tables."""
        console = Console(highlight=False)
        console.print(Text(self.get_usage(ctx), style="bold"))  # type: ignore[attr-defined]
        console.print(Text(inspect.cleandoc(self.help or ""), overflow="fold"))  # type: ignore[attr-defined]
        params = [param for param in self.get_params(ctx) if not getattr(param, "hidden", False)]  # type: ignore[attr-defined]
        for kind, title in (("argument", _("参数")), ("option", _("选项"))):
            _section(console, title, (_param(one, ctx) for one in params if one.param_type_name == kind))
        commands = getattr(self, "commands", {})
        _section(console, _("命令"), ((name, inspect.cleandoc(one.help or "")) for name, one in commands.items()))


def _param(param: Any, ctx: Any) -> tuple[str, str]:
    if param.param_type_name == "argument":
        name = " ".join(param.get_usage_pieces(ctx))
    else:
        name = ", ".join(param.opts) + ("" if param.is_flag or "--help" in param.opts else " …")
    notes = [param.help or ""]
    if param.required:
        notes.append(_("[必填]"))
    elif param.default not in (None, "", False, ()) and not callable(param.default):
        notes.append(_("[默认：%(value)s]") % {"value": param.default})
    return name, " ".join(notes)


def _section(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for name, said in rows:
        table.add_row(Text(f"  {name}", style="cyan"), Text(said))
    if table.row_count:
        console.print(Text(f"\n{title}", style="bold"))
        console.print(table)


class Command(_Speaks, core.TyperCommand):
    """One command."""


class Group(_Speaks, core.TyperGroup):
    """`kexin` itself, and the word under which a room's commands stand."""


class App(typer.Typer):
    """A typer.Typer whose every command says its help in both languages: there is no command without one."""

    def __init__(self, *, help: str, **more: Any) -> None:
        super().__init__(
            cls=Group, help=help, no_args_is_help=True, options_metavar=_("[选项]"),
            subcommand_metavar=_("命令 [参数]…"), **more,
        )  # fmt: skip

    def command(self, name: str | None = None, *, help: str | None = None, **more: Any) -> Callable[..., Any]:  # type: ignore[override]
        """As in typer; ``help`` is the sentence that `--help` prints."""
        return super().command(name, cls=Command, help=help, options_metavar=_("[选项]"), **more)


def mistyped(error: typer.TyperException) -> str:
    """What is wrong with a command as it was typed, and where its help is."""
    context: Any = getattr(error, "ctx", None)
    param: Any = getattr(error, "param", None)
    where = param.get_error_hint().strip("'") if param is not None else ""
    option = getattr(error, "option_name", "")
    kind = type(error).__name__
    if kind == "MissingParameter":
        said = _("缺少 %(where)s") % {"where": where}
    elif kind == "NoSuchOption":
        said = _("没有选项 %(option)s") % {"option": option}
    elif where or option:
        said = _("%(where)s 的值不对") % {"where": where or option}
    elif context is not None and isinstance(context.command, Group):
        said = _("没有这个命令")
    else:
        said = _("命令写法不对（%(said)s）") % {"said": error.message}
    path = context.command_path if context is not None else "kexin"
    return _("%(said)s；用法见 %(path)s --help") % {"said": said, "path": path}
