"""Addresses of every room's pages and of the API. Addresses are nouns."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path

from kexin.site import health, home

handler400 = "kexin.foundation.ui.answers.bad_request"
handler403 = "kexin.foundation.ui.answers.forbidden"
handler404 = "kexin.foundation.ui.answers.not_found"
handler500 = "kexin.foundation.ui.answers.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", login_not_required(health.healthz), name="healthz"),
    path("", home.home, name="home"),
    path("", include("kexin.foundation.ui.pages")),
]
for room in (
    "kexin.people",
    "kexin.chapters.collection",
    "kexin.chapters.crm",
    "kexin.chapters.privacy",
    "kexin.chapters.security",
):
    if find_spec(f"{room}.pages"):
        urlpatterns.append(path("", include(f"{room}.pages")))
if find_spec("kexin.site.api"):
    urlpatterns.append(path("api/v1/", include("kexin.site.api")))
