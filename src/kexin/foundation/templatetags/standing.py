"""Django's ``{% csrf_token %}`` with the page's standing beside it: no form can carry the one without the other."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from kexin.foundation.ui.place import FIELD

register = template.Library()


class FormMarks(CsrfTokenNode):
    """Two hidden fields: whose form it is, and what its page was drawn under (nothing for strangers)."""

    def render(self, context: Any) -> str:
        """Both, or the token alone on pages without a person."""
        standing = getattr(context.get("request"), "standing", None)
        token: str = super().render(context)
        if standing is None:
            return token
        return format_html('{}<input type="hidden" name="{}" value="{}">', token, FIELD, standing.written())


@register.tag
def csrf_token(parser: Any, token: Any) -> FormMarks:
    """A built-in of this house's templates (site.settings), so it stands in place of Django's."""
    del parser, token
    return FormMarks()
