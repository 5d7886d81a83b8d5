"""What every command shares: readiness of Django, plain or JSON answers, errors as one sentence and an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from django.core.exceptions import ImproperlyConfigured
from rich.console import Console

from kexin.foundation.problems import Problem
from kexin.site import words
from kexin.site.words import gettext as _

#: ``def command(…, as_json: AsJson = False)``
AsJson = Annotated[bool, typer.Option("--json", help=_("用一个 JSON 对象回答"))]


def ready(role: str) -> None:
    """Start Django in this process under that database role. Without effect the second time."""
    os.environ.setdefault("KEXIN_ROLE", role)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(words.language())


def answer(facts: Mapping[str, Any], *, as_json: bool, text: str = "") -> None:
    """Print one answer: JSON on one line, or ``text`` (by default one line per fact)."""
    if as_json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False, default=str) + "\n")
        return
    sys.stdout.write((text or "\n".join(f"{key}: {value}" for key, value in facts.items())) + "\n")


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Turn what a user can mend into one sentence and exit code 1; anything else stays an error."""
    try:
        yield
    except typer.Exit:  # a RuntimeError, but the command's own exit code
        raise
    except Problem as problem:
        document = problem.document()
        lines = [str(document["detail"]), str(document.get("remedy", ""))]
        refuse(document, lines, as_json=as_json)
        raise typer.Exit(1) from problem
    except (ImproperlyConfigured, RuntimeError) as error:
        refuse({"error": type(error).__name__, "detail": str(error)}, [str(error)], as_json=as_json)
        raise typer.Exit(1) from error


def refuse(document: Mapping[str, Any], lines: list[str], *, as_json: bool) -> None:
    """Print what is wrong: JSON where JSON was asked for, else a sentence for people on the error output."""
    if as_json:
        answer(document, as_json=True)
    else:
        Console(stderr=True, highlight=False, soft_wrap=True).print("\n".join(filter(None, lines)), markup=False)
