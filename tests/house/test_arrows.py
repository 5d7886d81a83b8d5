"""Arrows between rooms: through doors, downwards; also those that import-linter cannot see."""

from __future__ import annotations

import ast
import re

import grimp
import pytest
from django.apps import apps
from django.db.models import ForeignKey
from django.urls import URLPattern, URLResolver, get_resolver

from tests.house import tree

DOORS = ("operations", "queries", "types", "holdings")
#: Further doors, each with its reason.
EXTRA_DOORS = {
    "kexin.people.facts": "registration: a higher floor pushes facts down",
    "kexin.regime.facts": "registration: the vault tells which columns stand for which facts",
    "kexin.regime.semantic": "semantic types are an extension point; the vault normalises and masks with them",
    "kexin.regime.register": "registration of holdings at start-up",
    "kexin.vault.types_views": "the second half of the vault's types (a file stays under 400 lines)",
}


def test_rooms_are_entered_through_their_doors() -> None:
    graph = grimp.build_graph("kexin")
    wrong = []
    for module in sorted(graph.modules):
        room = tree.room_of(module)
        if room in (None, "kexin.site") or ".tests" in module:
            continue
        for target in sorted(graph.find_modules_directly_imported_by(module)):
            other = tree.room_of(target)
            if other in (None, room, "kexin.foundation"):
                continue
            door = target.removeprefix(f"{other}.").split(".")[0] if target != other else ""
            if door not in DOORS and f"{other}.{door}" not in EXTRA_DOORS:
                wrong.append(f"{module} -> {target}: use {other}.operations, .queries, .types or .holdings")
    assert not wrong, "\n".join(wrong)


def test_foreign_keys_point_down() -> None:
    """String foreign keys escape the import contracts."""
    wrong = []
    for model in apps.get_models():
        room = tree.room_of(model.__module__)
        for field in model._meta.get_fields():
            if room is None or not isinstance(field, ForeignKey) or not isinstance(field.related_model, type):
                continue
            other = tree.room_of(field.related_model.__module__)
            if other is not None and other != room and tree.floor(other) >= tree.floor(room):
                wrong.append(f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}")
    assert not wrong, "\n".join(wrong)


def test_nobody_fetches_models_by_name() -> None:
    """`apps.get_model("vault", …)` would be a way round the doors."""
    wrong = [
        f"{tree.name(path)}:{node.lineno}: ask the room's queries instead of apps.get_model"
        for path, module in tree.modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in ("get_model", "get_models")
        and "site/" not in tree.name(path) and "regime/" not in tree.name(path)
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


INCLUDE = re.compile(r"""{%\s*(?:include|extends)\s+["']([^"'#]+)""")


def test_templates_include_their_own_room_or_the_foundation() -> None:
    wrong = []
    labels = {room.rsplit(".", 1)[1]: room for room in tree.ROOMS}
    for path, text in tree.templates():
        room = tree.room_of(".".join(path.relative_to(tree.SOURCE.parent).with_suffix("").parts))
        for target in INCLUDE.findall(text):
            other = labels.get(target.split("/")[0])
            if other not in (None, room, "kexin.foundation"):
                wrong.append(f"{tree.name(path)} includes {target}: give it an hx-get slot instead")
    assert not wrong, "\n".join(wrong)


def _names(resolver: URLResolver, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found |= _names(one, f"{prefix}{one.namespace}:" if one.namespace else prefix)
        elif isinstance(one, URLPattern) and one.name:
            found.add(f"{prefix}{one.name}")
    return found


URL = re.compile(r"""{%\s*url\s+["']([^"']+)["']""")


def test_every_address_named_in_a_template_exists() -> None:
    known = _names(get_resolver())
    wrong = [
        f"{tree.name(path)}: no address is called {target}"
        for path, text in tree.templates()
        for target in URL.findall(text)
        if target not in known
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", tree.ROOMS)
def test_every_room_says_what_it_is(room: str) -> None:
    folder = tree.SOURCE.joinpath(*room.split(".")[1:])
    assert (folder / "README.md").is_file(), f"{room}: write README.md, about 15 lines"
