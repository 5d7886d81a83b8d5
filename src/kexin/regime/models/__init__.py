"""Tables of this room. Private: other rooms ask `queries` and `operations`."""

from kexin.regime.models.consents import ConsentEvent, ConsentState, Receipt
from kexin.regime.models.drafts import RulebookDraft, RulebookImpact
from kexin.regime.models.grants import Grant
from kexin.regime.models.notices import Notice, NoticeText
from kexin.regime.models.rulebook import RulebookActivation, RulebookSignature, RulebookVersion

__all__ = [
    "ConsentEvent",
    "ConsentState",
    "Grant",
    "Notice",
    "NoticeText",
    "Receipt",
    "RulebookActivation",
    "RulebookDraft",
    "RulebookImpact",
    "RulebookSignature",
    "RulebookVersion",
]
