"""The verbs of the safe: each is one decision, one transaction, one evidence line."""

from kexin.vault.files import SealedUpload, SealingUploadHandler
from kexin.vault.operations.admit import admit, admit_many, declare_source
from kexin.vault.operations.aging import come_of_age
from kexin.vault.operations.amend import amend
from kexin.vault.operations.contact import contact
from kexin.vault.operations.erase import continue_erasure, erase, place_hold, release_hold
from kexin.vault.operations.files import burn_file, keep_file, open_file
from kexin.vault.operations.generations import RenewalOpen, advance_indexes, renew_indexes
from kexin.vault.operations.lifecycle import discard, freeze, restore, touch_contact, unfreeze
from kexin.vault.operations.merge import merge, unmerge
from kexin.vault.operations.rebuilding import rebuild
from kexin.vault.operations.release import release
from kexin.vault.operations.reveal import REASONS, reveal
from kexin.vault.operations.rotation import behind, destroy_epoch, ensure_keys, rewrap, roll_epoch
from kexin.vault.operations.switching import follow_suite
from kexin.vault.operations.trial import Trial, begin_trial, try_many
from kexin.vault.operations.upkeep import sweep
from kexin.vault.operations.watching import unwatch_record, watch_record

__all__ = [
    "REASONS",
    "RenewalOpen",
    "SealedUpload",
    "SealingUploadHandler",
    "Trial",
    "admit",
    "admit_many",
    "advance_indexes",
    "amend",
    "begin_trial",
    "behind",
    "burn_file",
    "come_of_age",
    "contact",
    "continue_erasure",
    "declare_source",
    "destroy_epoch",
    "discard",
    "ensure_keys",
    "erase",
    "follow_suite",
    "freeze",
    "keep_file",
    "merge",
    "open_file",
    "place_hold",
    "rebuild",
    "release",
    "release_hold",
    "renew_indexes",
    "restore",
    "reveal",
    "rewrap",
    "roll_epoch",
    "sweep",
    "touch_contact",
    "try_many",
    "unfreeze",
    "unmerge",
    "unwatch_record",
    "watch_record",
]
