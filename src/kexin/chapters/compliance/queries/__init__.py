"""DOOR: questions of this chapter."""

from kexin.chapters.compliance.queries.documents import document, draft_document

__all__ = ["document", "draft_document"]
