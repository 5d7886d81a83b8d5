"""DOOR: verbs of the regime."""

from kexin.regime.checks import require_holdings
from kexin.regime.operations.assessing import assess_draft, assess_now, assess_version, measure_use
from kexin.regime.operations.consents import rebuild_states, record_consent, refresh_consents
from kexin.regime.operations.drafting import begin_draft, discard_draft, edit_draft, rebase_draft
from kexin.regime.operations.grants import end_grant, grant, grant_many
from kexin.regime.operations.notices import publish_notice
from kexin.regime.operations.publishing import install_rulebook, publish_draft, publish_rulebook, sign_rulebook
from kexin.regime.register import register_affected, register_follower, register_holding, register_person_counter

__all__ = [
    "assess_draft",
    "assess_now",
    "assess_version",
    "begin_draft",
    "discard_draft",
    "edit_draft",
    "end_grant",
    "grant",
    "grant_many",
    "install_rulebook",
    "measure_use",
    "publish_draft",
    "publish_notice",
    "publish_rulebook",
    "rebase_draft",
    "rebuild_states",
    "record_consent",
    "refresh_consents",
    "register_affected",
    "register_follower",
    "register_holding",
    "register_person_counter",
    "require_holdings",
    "sign_rulebook",
]
