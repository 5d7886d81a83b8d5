"""DOOR: verbs of the regime."""

from kexin.regime.checks import require_holdings
from kexin.regime.operations.consents import rebuild_states, record_consent, refresh_consents
from kexin.regime.operations.grants import end_grant, grant, grant_many
from kexin.regime.operations.notices import publish_notice
from kexin.regime.operations.publishing import install_rulebook, publish_rulebook, sign_rulebook
from kexin.regime.register import register_follower, register_holding, register_person_counter

__all__ = [
    "end_grant",
    "grant",
    "grant_many",
    "install_rulebook",
    "publish_notice",
    "publish_rulebook",
    "rebuild_states",
    "record_consent",
    "refresh_consents",
    "register_follower",
    "register_holding",
    "register_person_counter",
    "require_holdings",
    "sign_rulebook",
]
