"""责任权限表 of a chapter: what each post may do with customer information here, and what else it answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kexin.chapters.compliance.rules.document.blocks import Row, Table, columns, row
from kexin.chapters.compliance.rules.document.flows import FLOWS, answering, post
from kexin.chapters.compliance.rules.document.numerals import listed
from kexin.chapters.compliance.rules.document.sentences import chapter_of
from kexin.chapters.compliance.rules.document.words import HEADED, permission
from kexin.regime.types import Action, Effect, Rulebook, RuleDef

FULL, MASKED, CONDITION = "完整", "脱敏", "※"
#: Beneath every table that has cells.
LEGEND = "表中“完整”为可以使用完整信息，“脱敏”为仅限脱敏形式，“※”为须符合规则所列条件；空白为不得。禁止规则优先于本表。"


@dataclass(slots=True)
class _Post:
    """One row while it is filled: action -> (full, without condition)."""

    cells: dict[Action, tuple[bool, bool]] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)

    def give(self, rule: RuleDef) -> None:
        """The widest grant wins: full before masked, then without condition before with one."""
        for action in rule.actions or ():
            given = (not rule.masked, rule.when is None)
            self.cells[action] = max(self.cells.get(action, (False, False)), given)


def matrix(book: Rulebook, chapter: int) -> Table:
    """The table of one chapter. Columns of actions that nobody holds here are left out."""
    posts: dict[str, _Post] = {}
    for rule in book.rules:
        if rule.effect is Effect.PERMIT and chapter_of(rule) == chapter:
            for key in rule.roles or ():
                posts.setdefault(key, _Post()).give(rule)
    for key, tasks in _tasks(book, chapter).items():
        posts.setdefault(key, _Post()).tasks.extend(tasks)
    held = [action for action in Action if any(action in one.cells for one in posts.values())]
    order = {key: one.order for key, one in book.roles.items()}
    rows = tuple(_row(post(book, key), posts[key], held) for key in sorted(posts, key=lambda key: (order.get(key, 999), key)))
    headed = (("岗位", 18), *((HEADED[action], 8) for action in held), ("职责和管理权限", max(20, 82 - 8 * len(held))))
    return Table(caption="责任权限表", columns=columns(*headed), rows=rows)


def _tasks(book: Rulebook, chapter: int) -> Mapping[str, list[str]]:
    """Post -> steps of the flow that it answers for, and permissions of this chapter."""
    found: dict[str, list[str]] = {}
    for step in FLOWS[chapter]:
        found.setdefault(answering(book, step), []).append(step.name)
    for one in book.roles.values():
        for key in one.permissions:
            home, words = permission(key)
            if home == chapter:
                found.setdefault(one.key, []).append(words)
    return found


def _row(name: str, one: _Post, held: list[Action]) -> Row:
    cells = tuple(_cell(one.cells.get(action)) for action in held)
    return row((name,), *((cell,) for cell in cells), (listed(one.tasks) or "—",))


def _cell(given: tuple[bool, bool] | None) -> str:
    if given is None:
        return ""
    full, free = given
    return (FULL if full else MASKED) + ("" if free else CONDITION)
