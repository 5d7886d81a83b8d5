"""What every page of the console shows around its content: navigation, purpose, language, theme. Fed from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from kexin.foundation.clock import cn, now

THEMES = ("auto", "light", "dark")
DENSITIES = ("compact", "standard", "loose")
KEYS = ("on", "off")
THEME_COOKIE, DENSITY_COOKIE, KEYS_COOKIE = "theme", "density", "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation. ``mark`` stands before the label (an icon's name or a chapter's number)."""

    label: Any
    url: str
    icon: str = ""
    number: int = 0
    count: int | None = None
    is_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One entry of the palette: a page to go to or an action (``is_post``). ``key`` does the same from anywhere;
    ``keys`` are the words that it is found by, in small letters."""

    label: Any
    url: str
    icon: str = ""
    number: int = 0
    key: str = ""
    is_post: bool = False
    keys: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries under one small heading ("" for the first group)."""

    title: Any = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """The frame of the console for one person: groups at the left, four links at the foot of a phone, two foot lines.

    ``search_url`` takes what is typed for customers, ``palette_url`` lists every page and action of this person,
    ``new_url`` is where the key c leads from anywhere.
    """

    groups: tuple[Group, ...] = ()
    phone: tuple[Link, ...] = ()
    company: str = ""
    edition: str = ""
    is_demo: bool = False
    tasks: int = 0
    tasks_url: str = ""
    search_url: str = ""
    palette_url: str = ""
    new_url: str = ""
    me: Mapping[str, str] = field(default_factory=dict)


_sources: dict[str, Callable[..., Any]] = {
    "navigation": lambda request: Navigation(),
    "purpose": lambda code: code,
}


def register(
    *,
    navigation: Callable[[HttpRequest], Navigation] | None = None,
    purpose_label: Callable[[str], str] | None = None,
) -> None:
    """Tell the shell who draws its navigation and who names purposes. `site` does so once at start-up."""
    if navigation is not None:
        _sources["navigation"] = navigation
    if purpose_label is not None:
        _sources["purpose"] = purpose_label


def purpose_name(code: str) -> str:
    """A purpose in the reader's language ("" stays "")."""
    return str(_sources["purpose"](code)) if code else ""


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``shell`` (lazy where it costs a query), ``theme``, ``density``, ``language``."""
    return {"shell": Shell(request), **look(request)}


def look(request: HttpRequest) -> dict[str, Any]:
    """Theme and language, which need neither session nor database."""
    return {"theme": _chosen(request, THEME_COOKIE, THEMES), "language": translation.get_language()}


def _chosen(request: HttpRequest, cookie: str, allowed: tuple[str, ...], usual: str = "") -> str:
    value = request.COOKIES.get(cookie, "")
    return value if value in allowed else usual or allowed[0]


class Shell:
    """Read by base.html; each part is worked out when it is drawn, once."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._navigation: Navigation | None = None

    @property
    def navigation(self) -> Navigation:
        """Groups and links this person may open."""
        if self._navigation is None:
            self._navigation = _sources["navigation"](self._request)
        return self._navigation

    @property
    def purpose(self) -> dict[str, Any]:
        """The purpose in force here and the others to choose from."""
        caller = getattr(self._request, "caller", None)
        code = caller.purpose if caller else ""
        others = [other for other in getattr(self._request, "purposes", ()) if other != code]
        return {
            "code": code,
            "name": purpose_name(code),
            "others": [{"code": other, "name": purpose_name(other)} for other in others],
        }

    @property
    def density(self) -> str:
        """Row height of tables, remembered per browser."""
        return _chosen(self._request, DENSITY_COOKIE, DENSITIES, "standard")

    @property
    def keys(self) -> str:
        """Whether single keys act (WCAG 2.1.4: whoever speaks to the machine can turn them off)."""
        return _chosen(self._request, KEYS_COOKIE, KEYS)

    @property
    def is_signed_in(self) -> bool:
        """Whether there is a person to draw the console for."""
        return getattr(self._request, "caller", None) is not None

    @property
    def languages(self) -> list[dict[str, Any]]:
        """Both languages, each in its own words."""
        here = translation.get_language()
        names = {"zh-hans": ("中文", "中"), "en": ("English", "EN")}
        return [
            {"code": code, "name": names[code][0], "short": names[code][1], "is_here": code == here}
            for code, _ in settings.LANGUAGES
        ]

    @property
    def minute(self) -> str:
        """This minute in China, for watermark and print."""
        return cn(now()).strftime("%Y-%m-%d %H:%M")


class LanguageMiddleware:
    """Chinese first: only a choice made by the reader changes the language, never the browser's own setting."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        code = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        if request.path.startswith("/api/") and not chosen:
            wanted = str(request.META.get("HTTP_ACCEPT_LANGUAGE", "")).lower()
            code = "en" if wanted.startswith("en") else code
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", "en" if code == "en" else "zh-CN")
        return response
