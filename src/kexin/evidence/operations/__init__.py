"""Verbs of the ledger: note, count, sign, verify, export, change keys."""

from kexin.evidence.keys import create as create_keys
from kexin.evidence.keys import trust_witness
from kexin.evidence.operations.counting import count_opens, count_refusal, flush_counts
from kexin.evidence.operations.exporting import export_pack
from kexin.evidence.operations.noting import note, note_now
from kexin.evidence.operations.reconciling import reconcile_opens
from kexin.evidence.operations.rotating import rotate_key
from kexin.evidence.operations.signing import sign, signed_document, verify_signature
from kexin.evidence.operations.verifying import begin_verification, run_verification, verify_now

__all__ = [
    "begin_verification",
    "count_opens",
    "count_refusal",
    "create_keys",
    "export_pack",
    "flush_counts",
    "note",
    "note_now",
    "reconcile_opens",
    "rotate_key",
    "run_verification",
    "sign",
    "signed_document",
    "trust_witness",
    "verify_now",
    "verify_signature",
]
