"""Addresses of every room's pages and of the API. Addresses are nouns."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from kexin.site import health

urlpatterns: list[URLPattern | URLResolver] = [path("healthz", health.healthz, name="healthz")]
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
