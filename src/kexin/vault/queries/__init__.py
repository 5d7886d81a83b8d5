"""DOOR. Questions to the vault. Each one is decided for its Caller, evidenced, and answered with frozen dataclasses.

``scope`` gives a governed subquery for other rooms to join, ``page`` a list, ``facet_counts`` its numbers, ``card`` one
person, ``match`` a search, ``why`` the story of one value, ``features`` rows for analysis.
"""

from kexin.vault.queries.card import card
from kexin.vault.queries.features import features
from kexin.vault.queries.match import match
from kexin.vault.queries.page import facet_counts, page
from kexin.vault.queries.scope import Scope, scope
from kexin.vault.queries.why import why

__all__ = ["Scope", "card", "facet_counts", "features", "match", "page", "scope", "why"]
