"""DOOR. Questions to the vault. Each one is decided for its Caller, evidenced, and answered with frozen dataclasses.

``scope`` gives a governed subquery for other rooms to join, ``page`` a list, ``count`` and ``facet_counts`` its numbers, ``card`` one
person, ``match`` a search, ``why`` the story of one value, ``features`` rows for analysis,
``index_plan`` what the search indexes give away, ``keys_beside_data`` whether one server holds both.
"""

from kexin.vault.queries.card import card
from kexin.vault.queries.erasures import certificate, erasure, erasure_of, erasures
from kexin.vault.queries.features import features
from kexin.vault.queries.match import match
from kexin.vault.queries.page import count, facet_counts, page
from kexin.vault.queries.reveals import reveal_question
from kexin.vault.queries.scope import Scope, scope
from kexin.vault.queries.timeline import timeline
from kexin.vault.queries.upkeep import generations, keys_beside_data, rebuild, suites_behind, tokens_behind
from kexin.vault.queries.why import why
from kexin.vault.search.planner import plan as index_plan

__all__ = [
    "Scope",
    "card",
    "certificate",
    "count",
    "erasure",
    "erasure_of",
    "erasures",
    "facet_counts",
    "features",
    "generations",
    "index_plan",
    "keys_beside_data",
    "match",
    "page",
    "rebuild",
    "reveal_question",
    "scope",
    "suites_behind",
    "timeline",
    "tokens_behind",
    "why",
]
