"""DOOR: the rulebooks that ship with the product, for choosing one and for signing its assessments in one sitting; and
whether the profile of the one in force still fits the number of persons."""

from __future__ import annotations

from kexin.regime.queries.rulebook import rulebook_in_force
from kexin.regime.register import persons
from kexin.regime.rulebook.check import size_findings
from kexin.regime.rulebook.defaults import default, shipped
from kexin.regime.rulebook.findings import Finding
from kexin.regime.types.defaults import DefaultRulebook


def defaults() -> tuple[DefaultRulebook, ...]:
    """Every shipped rulebook with its label, for whom it is meant, its bytes, the drafts of its impact assessments, and for
    small firms the filled form of annex 2."""
    return tuple(default(key) for key in shipped())


def profile_findings() -> tuple[Finding, ...]:
    """What the number of persons held says about the profile in force: a warning from 90,000 on, an error from 100,000 on
    (小型个人信息处理者). Empty for a general profile and before the first rulebook."""
    book = rulebook_in_force()
    return size_findings(book, persons()) if book is not None and book.profile.size == "small" else ()
