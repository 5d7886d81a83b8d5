"""Template filters over texts that a company wrote in two languages, and over figures."""

from django import template

from kexin.foundation.ui.words import listed, say

register = template.Library()
register.filter("say", say)
register.filter("listed", listed)


@register.filter
def figure(value: int | None) -> str:
    """1284907 -> 1,284,907 in both languages (Django groups Chinese by four); nothing for None."""
    return "" if value is None else f"{int(value):,}"
