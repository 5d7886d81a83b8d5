"""Figures with a comma every three digits in both languages (Django groups Chinese by four)."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def figure(value: int | None) -> str:
    """1284907 -> 1,284,907; nothing for None."""
    return "" if value is None else f"{int(value):,}"
