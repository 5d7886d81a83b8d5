"""DOOR: questions of this chapter."""

from kexin.chapters.compliance.queries.documents import document, draft_document
from kexin.chapters.compliance.queries.drafting import conflict_page, draft_page, entry_page
from kexin.chapters.compliance.queries.impacts import impact_page, impact_table
from kexin.chapters.compliance.queries.reading import book, comparison, data_use, draft_source, history, rights, source
from kexin.chapters.compliance.queries.work import impact_progress, tasks

__all__ = [
    "book",
    "comparison",
    "conflict_page",
    "data_use",
    "document",
    "draft_document",
    "draft_page",
    "draft_source",
    "entry_page",
    "history",
    "impact_page",
    "impact_progress",
    "impact_table",
    "rights",
    "source",
    "tasks",
]
