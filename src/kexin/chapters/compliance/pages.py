"""The rulebook's pages."""

from __future__ import annotations

from django.urls import URLPattern

from kexin.chapters.compliance import document_pages

app_name = "compliance"
urlpatterns: list[URLPattern] = [
    *document_pages.urlpatterns,
]
