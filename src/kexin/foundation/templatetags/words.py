"""Template filters over texts that a company wrote in two languages."""

from django import template

from kexin.foundation.ui.words import listed, say

register = template.Library()
register.filter("say", say)
register.filter("listed", listed)
