"""Addresses of every room's pages and of the API. Addresses are nouns."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path

from kexin.site import health, home, palette

handler400 = "kexin.foundation.ui.answers.bad_request"
handler403 = "kexin.foundation.ui.answers.forbidden"
handler404 = "kexin.foundation.ui.answers.not_found"
handler500 = "kexin.foundation.ui.answers.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("kexin.site.api")),
    path("healthz", login_not_required(health.healthz), name="healthz"),
    path("", home.home, name="home"),
    path("palette", palette.palette, name="palette"),
    path("start-confirmations/<slug:step>", home.confirmation, name="start-confirmation"),
    path("", include("kexin.foundation.ui.pages")),
    path("", include("kexin.people.pages")),
    path("", include("kexin.chapters.collection.pages")),
    path("", include("kexin.chapters.crm.pages")),
    path("", include("kexin.chapters.privacy.pages")),
    path("", include("kexin.chapters.security.pages")),
    path("", include("kexin.chapters.compliance.pages")),
]
