"""Every address of the house under hostile path parts, query parameters and methods: a clear answer, never a 500."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import get_resolver

from tests.bad_input.world import ROLES, World
from tests.house.test_routes import routes

#: Converter -> what somebody may put there. What the converter itself refuses is a 404 and is asked for all the same.
PARTS: dict[str, tuple[str, ...]] = {
    "int": ("0", "-1", "9223372036854775807", "9223372036854775808", "9" * 400, "9" * 5_000, "1e3", "１"),
    "uuid": (str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1)), "0", "-1", "1 OR 1=1", "9223372036854775808", "a" * 32),
    "uuidstr": (str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1)), "0", "-1", "1 OR 1=1", "[]", "{}"),
    "slug": ("is_staff", "__class__", "-", "0", "a" * 5_000, "a__b__c", "\x00"),
    "str": ("\x00", "..", "../../etc/passwd", "a\r\nb", "<script>alert(1)</script>", "a" * 5_000, "\u202e", "{{7*7}}", "%c0%af"),
}
#: What a parameter may carry (items 12, 13, 15, 16, 21, 31, 32).
VALUES = (
    "", "\x00", "-1", "0", "9" * 30, "1e9", str(2**63), "NaN", "²", "１", "'; DROP TABLE x;--", "a__b__c", "-", "?", "__class__",
    "\u202e\ud7ff", "<script>alert(1)</script>", "a\r\nSet-Cookie: x=1", "../../etc/passwd", "AAAA.BBBB", "%", "[]", "*", "x" * 5_000,
)  # fmt: skip
#: Asked of every page beside the parameters that it reads.
COMMON = (
    "page", "cursor", "before", "limit", "offset", "order_by", "sort", "fields", "expand", "depth", "timeZone", "next", "id",
    "f.level", "f.owner", "f.__class__",
)  # fmt: skip


@pytest.fixture
def world(db: Any) -> World:
    return World()


def read_by(module: ModuleType) -> set[str]:
    """Query parameters that a face reads, found in its source and in the forms beside it."""
    found: set[str] = set()
    for source in (module, *(part for _name, part in inspect.getmembers(module, inspect.ismodule) if part.__name__.endswith(".forms"))):
        for node in ast.walk(ast.parse(inspect.getsource(source))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "getlist") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def views_by_route() -> Iterator[tuple[str, ModuleType | None]]:
    """Route template -> the module of its view."""

    def walk(resolver: Any, prefix: str) -> Iterator[tuple[str, ModuleType | None]]:
        for one in resolver.url_patterns:
            here = prefix + str(one.pattern).removeprefix("^").replace("\\Z", "").removesuffix("$")
            if hasattr(one, "url_patterns"):
                yield from walk(one, here)
            else:
                view = getattr(one.callback, "view_class", inspect.unwrap(one.callback))
                yield here, inspect.getmodule(view)

    yield from walk(get_resolver(), "/")


@pytest.mark.bad_input(30)
def test_hostile_parts_of_an_address_are_never_a_500(world: World) -> None:
    asked = 0
    for route in sorted(set(routes())):
        for kind, name in re.findall(r"<(\w+):(\w+)>", route):
            for value in PARTS[kind]:
                for method in ("GET", "POST"):
                    for role in ("auditor",) if "evidence" in route else ("sales",):
                        address = world.fill(route, name=name, value=value)
                        world.ask(role, address, method)
                        asked += 1
    assert asked > 300


def _ask_with_parameters(world: World, *, every: bool) -> None:
    """All parameters together, value by value; then each alone, with every value or with one that takes its turn."""
    asked = opened = 0
    turn = itertools.cycle(VALUES)
    for route, module in sorted(views_by_route(), key=lambda one: one[0]):
        address = world.fill(route)
        role = next((one for one in ROLES if world.ask(one, address).status == 200), "")
        if not role or module is None:
            continue
        opened += 1
        own = sorted(read_by(module))
        values = VALUES if every or len(own) > 2 else VALUES[::6]
        queries = [urlencode([(name, value) for name in {*own, *COMMON}]) for value in values]
        queries += [urlencode({name: value}) for name in own for value in (VALUES if every else (next(turn), next(turn)))]
        for query in queries:
            world.ask(role, f"{address}?{query}")
            asked += 1
    assert opened > 15 and asked > 300


@pytest.mark.bad_input(31, 32)
def test_hostile_parameters_are_never_a_500(world: World) -> None:
    _ask_with_parameters(world, every=False)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_hostile_value_of_every_parameter(world: World) -> None:
    _ask_with_parameters(world, every=True)
