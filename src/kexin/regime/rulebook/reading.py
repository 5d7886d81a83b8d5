"""Readers of single values of a rulebook: each takes a node and its path, notes what is wrong, and answers a value."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kexin.regime.rulebook.findings import MOST, Finding, RulebookInvalid
from kexin.regime.rulebook.source import Node

CODE = re.compile(r"[a-z][a-z0-9_]{0,47}", re.ASCII)
RULE_ID = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
DURATION = re.compile(
    r"P(?=.)(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?(?:T(?=.)(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,7})S)?)?",
    re.ASCII,
)
LONGEST_DAYS = 36_525
TEXT_MAX = 2000
Reader = Callable[["Reading", Node, str], Any]


class Reading:
    """One reading of one rulebook: the findings so far and where each key stands."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.marks: dict[str, tuple[int, int]] = {}

    def wrong(
        self, node: Node, path: str, code: str, problem: tuple[str, str], remedy: tuple[str, str] = ("", "")
    ) -> None:
        """Note an error; after fifty the rest would be noise."""
        if len(self.findings) < MOST:
            self.findings.append(
                Finding(
                    level="error",
                    code=code,
                    line=node.line,
                    column=node.column,
                    key=path,
                    problem=problem,
                    remedy=remedy,
                )
            )
        else:
            raise RulebookInvalid(self.findings)

    def mapping(
        self, node: Node, path: str, fields: Mapping[str, Reader], required: Iterable[str] = ()
    ) -> dict[str, Any]:
        """A mapping with known keys only; a misspelt one is told the likely spelling."""
        self.marks[path] = (node.line, node.column)
        if not isinstance(node.value, dict):
            self.wrong(
                node,
                path,
                "type",
                ("这里应为“键: 值”", "a mapping is expected here"),
                ("如 {zh: …, en: …}", "such as {zh: …, en: …}"),
            )
            return {}
        answer: dict[str, Any] = {}
        for key, child in node.value.items():
            here = f"{path}.{key}" if path else str(key)
            self.marks[here] = (child.line, child.column)
            if (reader := fields.get(str(key))) is None:
                self._unknown(child, here, str(key), fields)
            else:
                answer[str(key)] = reader(self, child, here)
        for key in required:
            if key not in node.value:
                self.wrong(
                    node, path, "missing", (f"缺少“{key}”", f"{key!r} is missing"), (f"请补上 {key}:", f"add {key}:")
                )
        return answer

    def _unknown(self, node: Node, path: str, key: str, fields: Iterable[str]) -> None:
        likely = difflib.get_close_matches(key, list(fields), n=1, cutoff=0.6)
        remedy = (
            (f"是否应为“{likely[0]}”？", f"did you mean {likely[0]!r}?")
            if likely
            else ("可用的键：" + "、".join(fields), "known keys: " + ", ".join(fields))
        )
        self.wrong(node, path, "unknown_key", ("没有这个键", "unknown key"), remedy)

    def keyed(
        self, node: Node, path: str, reader: Callable[[Reading, Node, str, str, int], Any], form: re.Pattern[str] = CODE
    ) -> dict[str, Any]:
        """A mapping whose keys are codes that the company chose."""
        self.marks[path] = (node.line, node.column)
        answer: dict[str, Any] = {}
        if not isinstance(node.value, dict):
            self.wrong(node, path, "type", ("这里应为“代码: 内容”", "a mapping by code is expected here"))
            return answer
        for order, (key, child) in enumerate(node.value.items()):
            here = f"{path}.{key}"
            self.marks[here] = (child.line, child.column)
            if not isinstance(key, str) or not form.fullmatch(key):
                self.wrong(
                    child,
                    here,
                    "code",
                    (
                        "代码只能用小写字母、数字和下划线，字母开头",
                        "codes are lower-case letters, digits and _, a letter first",
                    ),
                )
                continue
            if (value := reader(self, child, here, key, order)) is not None:
                answer[key] = value
        return answer


def string(reading: Reading, node: Node, path: str) -> str:
    """A text of one language or a code, at most 2,000 characters."""
    if isinstance(node.value, str) and node.value.strip() and len(node.value) <= TEXT_MAX:
        return node.value
    reading.wrong(
        node,
        path,
        "type",
        ("这里应为不空的文字（最多 2,000 字）", "a text is expected here (at most 2,000 characters)"),
        ("数字和是非值作文字时请加引号", "put numbers and true/false in quotes when they are text"),
    )
    return ""


def text(reading: Reading, node: Node, path: str) -> dict[str, str]:
    """A text in several languages; a bare text is Chinese."""
    if isinstance(node.value, str):
        return {"zh": string(reading, node, path)}
    return reading.mapping(node, path, {"zh": string, "en": string}, required=("zh",))


def boolean(reading: Reading, node: Node, path: str) -> bool:
    """true or false."""
    if not isinstance(node.value, bool):
        reading.wrong(node, path, "type", ("这里应为 true 或 false", "true or false is expected here"))
    return node.value is True


def whole(low: int, high: int) -> Reader:
    """A whole number between two bounds."""

    def read(reading: Reading, node: Node, path: str) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool) or not low <= node.value <= high:
            reading.wrong(
                node,
                path,
                "range",
                (f"这里应为 {low} 至 {high} 的整数", f"a whole number from {low} to {high} is expected"),
            )
            return low
        return node.value

    return read


def one_of(*values: str) -> Reader:
    """One of a closed list."""

    def read(reading: Reading, node: Node, path: str) -> str:
        if node.value not in values or not isinstance(node.value, str):
            likely = difflib.get_close_matches(str(node.value), values, n=1, cutoff=0.6)
            hint = (
                (f"是否应为“{likely[0]}”？", f"did you mean {likely[0]!r}?")
                if likely
                else ("可选：" + "、".join(values), "one of: " + ", ".join(values))
            )
            reading.wrong(node, path, "choice", ("不在可选项中", "not one of the known values"), hint)
            return values[0]
        return node.value

    return read


def code(reading: Reading, node: Node, path: str) -> str:
    """A code of this rulebook; whether it exists is for `check`."""
    if isinstance(node.value, str) and CODE.fullmatch(node.value):
        return node.value
    wild = (
        ("不接受通配符，请逐项列出", "no wildcards: list them")
        if node.value == "*"
        else ("如 service", "such as service")
    )
    reading.wrong(node, path, "code", ("这里应为一个代码", "a code is expected here"), wild)
    return ""


def many(item: Reader) -> Reader:
    """A list; a single value counts as a list of one. An empty list is an empty list: it allows nothing."""

    def read(reading: Reading, node: Node, path: str) -> tuple[Any, ...]:
        if isinstance(node.value, list):
            return tuple(item(reading, child, f"{path}[{place}]") for place, child in enumerate(node.value))
        if node.value is None:
            reading.wrong(
                node,
                path,
                "empty",
                ("这里是空的", "nothing stands here"),
                ("写 [] 表示“没有”，或删去这个键", "write [] for none, or remove the key"),
            )
            return ()
        return (item(reading, node, path),)

    return read


def duration(reading: Reading, node: Node, path: str) -> str:
    """An ISO 8601 duration up to 100 years."""
    match = DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None or days(node.value) > LONGEST_DAYS:
        reading.wrong(
            node,
            path,
            "duration",
            ("期限应为 ISO 8601 写法，且不超过 100 年", "an ISO 8601 duration of at most 100 years is expected"),
            ("如 P3Y（3 年）、P12M、P30D、PT24H；立即为 P0D", "such as P3Y, P12M, P30D, PT24H; at once is P0D"),
        )
        return "P0D"
    return str(node.value)


def days(period: str) -> float:
    """About how many days a duration lasts (a month as 30.44), for comparing, never for counting deadlines."""
    match = DURATION.fullmatch(period)
    if match is None:
        raise ValueError("not a duration")
    years, months, weeks, whole_days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return years * 365.25 + months * 30.44 + weeks * 7 + whole_days + (hours * 3600 + minutes * 60 + seconds) / 86_400


def day(reading: Reading, node: Node, path: str) -> str:
    """A calendar day as 2026-11-23."""
    try:
        return datetime.date.fromisoformat(str(node.value)).isoformat()
    except ValueError:
        reading.wrong(node, path, "date", ("日期应如 2026-11-23，且确有这一天", "a day such as 2026-11-23 that exists"))
        return "1970-01-01"


def clock_time(reading: Reading, node: Node, path: str) -> str:
    """A time of day in quotes, "21:00"."""
    if isinstance(node.value, str) and re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", node.value):
        return node.value
    reading.wrong(node, path, "time", ('时间应如 "21:00"（加引号）', 'a time such as "21:00", in quotes'))
    return "00:00"


def texts(reading: Reading, node: Node, path: str) -> dict[str, dict[str, str]]:
    """Texts by code."""
    return reading.keyed(node, path, lambda inner, child, here, key, order: text(inner, child, here))


def choices(reading: Reading, node: Node, path: str) -> dict[str, dict[str, str]]:
    """Choices by code; codes may begin with a digit."""
    return reading.keyed(
        node,
        path,
        lambda inner, child, here, key, order: text(inner, child, here),
        re.compile(r"[a-z0-9][a-z0-9_]{0,47}"),
    )


def anything(reading: Reading, node: Node, path: str) -> Any:
    """Plain data for another reader (conditions)."""
    return node.plain()
