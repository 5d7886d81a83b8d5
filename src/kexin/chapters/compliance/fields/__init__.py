"""The forms of a draft: which fields each kind of entry has, how they are shown, and how they become plain values again."""

from kexin.chapters.compliance.fields.reading import blank, entry_from, entry_of, raw_of, value_of
from kexin.chapters.compliance.fields.showing import shown
from kexin.chapters.compliance.fields.spec import Field, Section
from kexin.chapters.compliance.fields.tables import SECTIONS, section

__all__ = ["SECTIONS", "Field", "Section", "blank", "entry_from", "entry_of", "raw_of", "section", "shown", "value_of"]
