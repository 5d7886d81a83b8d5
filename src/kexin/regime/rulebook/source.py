"""Bytes of a rulebook to a tree of plain values that remember their line: a strict, small part of YAML, nothing clever.

No anchors, tags, merges, duplicate keys, several documents, octals, sexagesimals, `yes`/`no`; no recursion either, so
that no nesting can exhaust the stack, and size, depth and count are bounded before anything is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from kexin.regime.rulebook.findings import Finding, RulebookInvalid

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
MAX_NODES = 60_000
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_TRAPS = re.compile(
    r"(?P<boolean>y|n|yes|no|on|off|true|false|null|nan)|(?P<octal>[-+]?0[0-9_o][0-9_]*)|(?P<sixty>[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+)"
    r"|(?P<number>[-+]?(?:[0-9][0-9_]*)?\.?[0-9_]+(?:e[-+]?[0-9]+)?|[-+]?\.(?:inf|nan)|0[xb][0-9a-f_]+)",
    re.IGNORECASE | re.ASCII,
)
_TRAP_TEXT = {
    "boolean": (
        ("这个词在 YAML 里有歧义", "this word is ambiguous in YAML"),
        ("是非值写 true 或 false；文字请加引号", "write true or false, or put the text in quotes"),
    ),
    "octal": (
        ("以 0 开头的数字可能被当作八进制", "a number with a leading 0 may be read as octal"),
        ("去掉前面的 0，或加引号作文字", "drop the 0, or put it in quotes"),
    ),
    "sixty": (
        ("带冒号的数字可能被当作六十进制", "a number with colons may be read as base sixty"),
        ('时间请加引号，如 "12:30"', 'put times in quotes, such as "12:30"'),
    ),
    "number": (
        ("只接受整数，不接受小数、科学计数和其他进制", "whole numbers only"),
        ("写成整数，或加引号作文字", "write a whole number, or put it in quotes"),
    ),
}


@dataclass(slots=True)
class Node:
    """One value and where it begins (1-based). ``value``: None, bool, int, str, list[Node] or dict[str | int, Node]."""

    value: Any
    line: int
    column: int

    def plain(self) -> Any:
        """The value alone; lists become tuples. Depth is bounded by the reader, so this recursion is too."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return tuple(node.plain() for node in self.value)
        return self.value


def _stop(
    code: str, line: int, column: int, problem: tuple[str, str], remedy: tuple[str, str] = ("", "")
) -> RulebookInvalid:
    return RulebookInvalid(
        [Finding(level="error", code=code, line=line, column=column, key="", problem=problem, remedy=remedy)]
    )


def decode(data: bytes) -> str:
    """The text of the file: UTF-8, with or without a byte-order mark, at most 1 MB, no control characters."""
    if len(data) > MAX_BYTES:
        raise _stop(
            "too_big",
            0,
            0,
            ("文件超过 1 MB", "the file is larger than 1 MB"),
            (
                "制度文件通常不到 200 KB，请检查是否选错文件",
                "a rulebook has rarely more than 200 KB: is it the right file?",
            ),
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _stop(
            "not_utf8",
            line,
            1,
            ("文件不是 UTF-8 编码（可能是 GBK 或 UTF-16）", "the file is not UTF-8 (GBK or UTF-16, perhaps)"),
            ("请在编辑器里另存为 UTF-8", "save it as UTF-8 in your editor"),
        ) from None
    _refuse_hidden(text, 1, 1)
    return text


def _refuse_hidden(text: str, line: int, column: int) -> None:
    """No control characters and no signs that turn the direction of writing, whether typed or written as an escape.
    ``line`` and ``column`` are where the text begins."""
    for place, char in enumerate(text):
        if char < " " and char not in "\t\n\r" or char in "\x7f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff":
            begun = text.rfind("\n", 0, place)
            raise _stop(
                "hidden_character",
                line + text.count("\n", 0, place),
                place - begun if begun >= 0 else column + place,
                ("含有看不见的控制字符", "an invisible control character"),
                ("请删除后重新输入", "delete it and type again"),
            )


def read(data: bytes) -> Node:
    """The whole document as one tree. Raises RulebookInvalid with line, column and remedy; nothing else."""
    text = decode(data)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        tab = line and "\t" in text.splitlines()[min(line, len(text.splitlines())) - 1] if text else False
        remedy = (
            ("缩进请用空格，不用制表符", "indent with blanks, not tabs")
            if tab
            else ("请检查缩进、冒号后的空格和括号是否成对", "check indentation, the blank after colons, and brackets")
        )
        raise _stop(
            "syntax", line, column, (f"不是正确的 YAML：{error.problem}", f"not valid YAML: {error.problem}"), remedy
        ) from None
    except yaml.YAMLError as error:
        raise _stop("syntax", 0, 0, ("不是正确的 YAML", f"not valid YAML: {str(error)[:80]}")) from None
    if builder.root is None or not isinstance(builder.root.value, dict):
        raise _stop(
            "empty",
            1,
            1,
            ("文件是空的，或最外层不是“键: 值”", "the file is empty or is not a mapping"),
            ("第一行应为 rulebook: 1", "the first line is rulebook: 1"),
        )
    return builder.root


class _Builder:
    """Builds the tree from parser events with a stack of its own."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.stack: list[tuple[Node, Node | None]] = []
        self.count = 0
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        assert mark is not None  # the parser marks every event it makes
        line, column = mark.line + 1, mark.column + 1
        self._refuse(event, line, column)
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style
            if not plain:
                _refuse_hidden(event.value, line, column)
            self._place(Node(_scalar(event.value, line, column) if plain else event.value, line, column))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            node = Node({} if isinstance(event, yaml.MappingStartEvent) else [], line, column)
            self._place(node)
            self.stack.append((node, None))
            if len(self.stack) > MAX_DEPTH:
                raise _stop(
                    "too_deep",
                    line,
                    column,
                    (f"嵌套超过 {MAX_DEPTH} 层", f"more than {MAX_DEPTH} levels deep"),
                    ("请把规则拆开", "split it"),
                )
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()

    def _refuse(self, event: yaml.Event, line: int, column: int) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise _stop("too_many", line, column, (f"内容超过 {MAX_NODES} 项", f"more than {MAX_NODES} items"))
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _stop(
                    "documents",
                    line,
                    column,
                    ("一个文件只能有一份制度", "one file holds one rulebook"),
                    ("删去 --- 之后的内容", "remove what follows ---"),
                )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _stop(
                "anchor",
                line,
                column,
                ("不接受 & 锚点和 * 引用", "anchors (&) and aliases (*) are not accepted"),
                ("请把内容写全；若是文字请加引号", "write it out; if it is text, put it in quotes"),
            )
        if getattr(event, "tag", None):
            raise _stop(
                "tag",
                line,
                column,
                ("不接受 ! 标签", "tags (!) are not accepted"),
                ("请删去标签；若是文字请加引号", "remove the tag; if it is text, put it in quotes"),
            )

    def _place(self, node: Node) -> None:
        """Put a value where it belongs: root, item of a list, key or value of a mapping."""
        if not self.stack:
            self.root = node
            return
        parent, key = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif key is None:
            self._key(parent, node)
        else:
            parent.value[key.value] = node
            self.stack[-1] = (parent, None)

    def _key(self, parent: Node, node: Node) -> None:
        if not isinstance(node.value, (str, int)) or isinstance(node.value, bool):
            raise _stop(
                "key", node.line, node.column, ("键必须是一个词", "a key must be one word"), ("请改写", "rewrite it")
            )
        if node.value in parent.value:
            raise _stop(
                "duplicate_key",
                node.line,
                node.column,
                (f"键“{str(node.value)[:60]}”重复", f"the key {str(node.value)[:60]!r} is there twice"),
                ("只保留一处", "keep one of them"),
            )
        if node.value == "<<":
            raise _stop(
                "merge",
                node.line,
                node.column,
                ("不接受 << 合并", "merges (<<) are not accepted"),
                ("请写全", "write it out"),
            )
        self.stack[-1] = (parent, node)


def means_itself(text: str) -> bool:
    """Whether an unquoted scalar of this text is read as this text: no number, no truth value, nothing refused."""
    return text not in ("true", "false", "", "~", "null") and not _INTEGER.fullmatch(text) and not _TRAPS.fullmatch(text)


def _scalar(text: str, line: int, column: int) -> Any:
    """The meaning of an unquoted scalar: true, false, null, a whole number, or text; what old YAML reads otherwise is
    refused instead of guessed."""
    if text in ("true", "false"):
        return text == "true"
    if text in ("", "~", "null"):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    if trap := _TRAPS.fullmatch(text):
        problem, remedy = _TRAP_TEXT[trap.lastgroup or "number"]
        shown = text[:30]
        raise _stop("ambiguous", line, column, (f"“{shown}”：{problem[0]}", f"{shown!r}: {problem[1]}"), remedy)
    return text
