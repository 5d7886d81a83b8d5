"""DOOR: verbs of this chapter: begin, edit, give up a draft; have its effect counted; sign it."""

from kexin.chapters.compliance.operations.drafting import begin, discard, follow, remove, revert, save
from kexin.chapters.compliance.operations.signing import assess, assess_version, measure, sign

__all__ = ["assess", "assess_version", "begin", "discard", "follow", "measure", "remove", "revert", "save", "sign"]
