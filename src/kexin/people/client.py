"""Where a request comes from. X-Forwarded-For is believed only as far as the operator's own proxies reach."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}


def address(request: HttpRequest) -> str:
    """The client's address, "unknown" when there is none (a unix socket without a named proxy)."""
    trusted = int(getattr(settings, "KEXIN_TRUSTED_PROXIES", 0))
    if trusted:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= trusted and (named := _parsed(hops[-trusted])):
            return str(named)
    found = _parsed(request.META.get("REMOTE_ADDR", ""))
    return str(found) if found else "unknown"


def network(request: HttpRequest) -> str:
    """What a limit per address counts: the IPv4 address, or the /64 of an IPv6 one (a household has 2^64 of those)."""
    parsed = _parsed(address(request))
    if parsed is None:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def is_loopback(request: HttpRequest) -> bool:
    """Whether a person at this very machine asks: loopback address, a local host name, and no proxy in between."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False
    parsed = _parsed(request.META.get("REMOTE_ADDR", ""))
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0] if "]" not in request.META.get("HTTP_HOST", "") else "[::1]"
    return parsed is not None and parsed.is_loopback and host.lower() in _LOCAL_NAMES


def device(request: HttpRequest) -> str:
    """Browser and system in a few words, for the list of one's own sign-ins; nothing that identifies further."""
    agent = request.headers.get("User-Agent", "")
    browsers = (("MicroMessenger", "WeChat"), ("wxwork", "WeCom"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS", "macOS"), ("Linux", "Linux"))
    parts = [next((name for mark, name in table if mark in agent), "") for table in (browsers, systems)]
    return " ".join(part for part in parts if part)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, or None. An IPv4 one that came through an IPv6 socket (::ffff:a.b.c.d) is the IPv4 one: otherwise
    the whole of IPv4 would be a single /64, and ten failures anywhere would lock everybody out."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
