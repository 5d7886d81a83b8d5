"""Names of people and organisations, and names that networks gave them."""

from __future__ import annotations

import re
import unicodedata
import urllib.parse

from kexin.regime.semantic import text
from kexin.regime.semantic.errors import Invalid

NAME_MAX = 60
ORG_MAX = 120
_COMMON = re.compile("[\u4e00-\u9fff]{1,8}")
_DOTS = re.compile("(?<=[^\x00-\x7f]) ?[·•.・‧∙⋅･] ?(?=[^\x00-\x7f])")
_JOINTS = frozenset(" ·-'’.")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)


def person(value: str) -> str:
    """A person's name: letters of any script, joined by · - ' or a blank. 1 to 60 characters; dots between Chinese
    characters become ·, blanks inside a Chinese name go."""
    if _COMMON.fullmatch(value):
        return value
    if len(value) > NAME_MAX:
        raise Invalid("name_long", limit=NAME_MAX)
    name = _DOTS.sub("·", text.line(value, limit=NAME_MAX))
    name = re.sub("(?<=[\u3400-\u9fff\U00020000-\U0003ffff]) (?=[\u3400-\u9fff\U00020000-\U0003ffff])", "", name)
    letters = 0
    for char in name:
        if char.isalpha():
            letters += 1
        elif char not in _JOINTS and unicodedata.category(char) not in ("Mn", "Mc"):
            raise Invalid("name")
    if not letters:
        raise Invalid("name")
    return name


def organisation(value: str) -> str:
    """The name of a company or institution: at least two characters; full-width brackets and Latin become one form."""
    if len(value) > ORG_MAX:
        raise Invalid("too_long", limit=ORG_MAX)
    name = text.line(value, limit=ORG_MAX)
    name = re.sub("[Ａ-Ｚａ-ｚ０-９＆．－]", lambda match: chr(ord(match[0]) - 0xFEE0), name)
    name = re.sub(r"\((?=[^()]*[\u4e00-\u9fff])([^()]*)\)", r"（\1）", name)
    if sum(char.isalnum() for char in name) < 2:
        raise Invalid("org_name")
    return name


def invoice_title(value: str) -> str:
    """The title on an invoice: a company's or a person's name."""
    try:
        return organisation(value)
    except Invalid as error:
        raise Invalid("invoice_title") if error.key == "org_name" else error from None


def email(value: str) -> str:
    """An address with a domain name of at least two labels; the domain in lower case, international names as IDNA.
    Quoted local parts and address literals are refused: nobody's customer has one, and parsers differ."""
    if len(value) > 320:
        raise Invalid("too_long", limit=254)
    address = text.code(value, limit=320)
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise Invalid("email") from None
    domain = domain.lower()
    labels = domain.split(".")
    sound = (
        len(local) <= 64
        and len(domain) <= 190
        and _LOCAL.fullmatch(local)
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
        and len(labels[-1]) >= 2
    )
    if not sound:
        raise Invalid("email")
    return f"{local}@{domain}"


def openid(value: str) -> str:
    """A WeChat OpenID or UnionID: 28 letters, digits, - and _; case matters."""
    found = text.line(value)
    if not re.fullmatch(r"o[A-Za-z0-9_-]{27}", found, re.ASCII):
        raise Invalid("openid")
    return found


def wechat(value: str) -> str:
    """A WeChat ID: 6 to 20 places, a letter first."""
    found = text.code(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{5,19}", found, re.ASCII):
        raise Invalid("wechat_id")
    return found


def url(value: str) -> str:
    """A web address by http or https without user name; kept as written but for scheme and host in lower case."""
    found = text.line(value, limit=2000)
    try:
        parts = urllib.parse.urlsplit(found)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        raise Invalid("url") from None
    if (
        parts.scheme.lower() not in ("http", "https")
        or not host
        or "@" in parts.netloc
        or re.search(r"[\s<>\"'\\]", found)
    ):
        raise Invalid("url")
    netloc = host + (f":{port}" if port else "")
    return urllib.parse.urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, parts.fragment))
