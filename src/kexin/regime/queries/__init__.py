"""DOOR: questions to the regime."""

from kexin.regime.queries.askers import (
    ASKER_COLUMNS,
    actor,
    asker,
    asker_from,
    asker_lookup,
    bundle,
    bundle_or_none,
)
from kexin.regime.queries.consents import consent_states, consent_strip, may_be_asked, receipt, receipts, signed_receipt
from kexin.regime.queries.decisions import (
    beside,
    beside_asker,
    decide,
    facts_lookup,
    plan,
    sentence,
    standing_of,
    subject_facts,
)
from kexin.regime.queries.defaults import defaults, profile_findings
from kexin.regime.queries.notices import current_notice, major_version, notice
from kexin.regime.queries.permissions import permitted, require
from kexin.regime.register import holdings, impersonal_models
from kexin.regime.rules.sql import CONSENTS, RELATIONS

__all__ = [
    "ASKER_COLUMNS",
    "CONSENTS",
    "RELATIONS",
    "actor",
    "asker",
    "asker_from",
    "asker_lookup",
    "beside",
    "beside_asker",
    "bundle",
    "bundle_or_none",
    "consent_states",
    "consent_strip",
    "current_notice",
    "decide",
    "defaults",
    "facts_lookup",
    "holdings",
    "impersonal_models",
    "major_version",
    "may_be_asked",
    "notice",
    "permitted",
    "plan",
    "profile_findings",
    "receipt",
    "receipts",
    "require",
    "sentence",
    "signed_receipt",
    "standing_of",
    "subject_facts",
]
