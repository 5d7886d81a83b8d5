"""Facts that higher floors tell this room, so that it never asks upward. `site` registers them once at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kexin.people.rules import posts


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``born_demo``: this database was created as a demo. ``small_firm``: the rulebook's profile is 小型. ``purposes``:
    the purposes that the rulebook in force gives to a set of posts, the usual one first. ``apart``: posts that the rulebook
    in force keeps apart from one, beyond those that `posts` always keeps apart."""

    born_demo: Callable[[], bool] = lambda: False
    small_firm: Callable[[], bool] = lambda: False
    purposes: Callable[[Iterable[str]], tuple[str, ...]] = posts.purposes_of
    apart: Callable[[str], frozenset[str]] = lambda role: frozenset()


_facts = Facts()


def register(
    *,
    born_demo: Callable[[], bool] | None = None,
    small_firm: Callable[[], bool] | None = None,
    purposes: Callable[[Iterable[str]], tuple[str, ...]] | None = None,
    apart: Callable[[str], frozenset[str]] | None = None,
) -> None:
    """Tell some of the facts; the others stay. Until told, nothing is a demo and no firm is small."""
    global _facts
    _facts = Facts(
        born_demo=born_demo or _facts.born_demo,
        small_firm=small_firm or _facts.small_firm,
        purposes=purposes or _facts.purposes,
        apart=apart or _facts.apart,
    )


def born_demo() -> bool:
    """Whether one-click sign-in may exist at all."""
    return _facts.born_demo()


def small_firm() -> bool:
    """Whether the company's rulebook declares the small profile."""
    return _facts.small_firm()


def purposes(roles: Iterable[str]) -> tuple[str, ...]:
    """Purposes under which holders of these posts work."""
    return _facts.purposes(roles)


def apart(role: str) -> frozenset[str]:
    """Posts that the rulebook in force does not let one person hold beside this one."""
    return _facts.apart(role)
