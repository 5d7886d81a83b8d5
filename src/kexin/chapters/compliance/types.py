"""DOOR: what this room answers with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FormalDocument:
    """The formal 制度 as a file: its name, the type that a browser is told, its bytes."""

    name: str
    content_type: str
    content: bytes
