"""Tables of the safe; private to this room. Nothing outside `vault` imports a model."""

from kexin.vault.models.doors import Disclosure, Reveal
from kexin.vault.models.erasures import Erasure, ErasureStep, Hold
from kexin.vault.models.files import File, FileChunk, FileSubject
from kexin.vault.models.measures import UseMeasure
from kexin.vault.models.misses import RevealCount, SearchMisses, TrialRows
from kexin.vault.models.sealed import Installation, Sealed, SealedHistory
from kexin.vault.models.sources import Provenance, SourceAct
from kexin.vault.models.subjects import Merge, Subject
from kexin.vault.models.tokens import TokenExact, TokenGram
from kexin.vault.models.upkeep import Rebuild, Upkeep, Watch

__all__ = [
    "Disclosure",
    "Erasure",
    "ErasureStep",
    "File",
    "FileChunk",
    "FileSubject",
    "Hold",
    "Installation",
    "Merge",
    "Provenance",
    "Rebuild",
    "Reveal",
    "RevealCount",
    "Sealed",
    "SealedHistory",
    "SearchMisses",
    "SourceAct",
    "Subject",
    "TokenExact",
    "TokenGram",
    "TrialRows",
    "Upkeep",
    "UseMeasure",
    "Watch",
]
