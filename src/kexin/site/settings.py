"""Django's settings: one file, read from the environment and from KEXIN_HOME, checked at start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from kexin.people import defaults
from kexin.site import words
from kexin.site.instance import Instance, process_role

PACKAGE = Path(__file__).resolve().parent.parent
INSTANCE = Instance()
KEXIN_HOME = INSTANCE.folder
ROLE = process_role()


def _number(name: str, default: int, least: int, most: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        said = words.gettext("%(name)s=%(text)s 应是 %(least)d 到 %(most)d 之间的数字")
        raise ImproperlyConfigured(said % {"name": name, "text": text, "least": least, "most": most})
    return int(text)


PORT = _number("KEXIN_PORT", 8600, 1, 65535)
#: The address people type. Anything but loopback must be https: plain HTTP leaves no machine.
ORIGIN = os.environ.get("KEXIN_ORIGIN", "").strip() or f"http://localhost:{PORT}"
_origin = urlsplit(ORIGIN)
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ON_LOOPBACK = _origin.hostname in ("localhost", "127.0.0.1", "::1")
if not _origin.hostname or _origin.path not in ("", "/") or not (_origin.scheme == "https" or ON_LOOPBACK):
    raise ImproperlyConfigured(words.gettext("KEXIN_ORIGIN=%(origin)s 应写成 https://名称 或 http://localhost:端口") % {"origin": ORIGIN})

DEBUG = False
# A process without a role (help texts, makemigrations) signs nothing that anyone will check.
SECRET_KEY = INSTANCE.read_secret("django") if ROLE else secrets.token_urlsafe(48)
ALLOWED_HOSTS = sorted({_origin.hostname, *(LOOPBACK_HOSTS if ON_LOOPBACK else [])})
USE_X_FORWARDED_HOST = False
WSGI_APPLICATION = "kexin.site.wsgi.application"
ROOT_URLCONF = "kexin.site.urls"
# No address ends in a slash: nothing to look for a second time.
APPEND_SLASH = False

ROOMS = [
    "kexin.foundation",
    "kexin.evidence",
    "kexin.people",
    "kexin.regime",
    "kexin.vault",
    "kexin.vault.keyring",
    "kexin.chapters.collection",
    "kexin.chapters.crm",
    "kexin.chapters.privacy",
    "kexin.chapters.security",
    "kexin.chapters.compliance",
    "kexin.site",
]
INSTALLED_APPS = [
    # The rooms come first, so that their templates win over those of libraries.
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
    "procrastinate.contrib.django",
    "csp",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The API's own chain; `LaneMiddleware` leads there.
API_MIDDLEWARE = [
    "kexin.site.headers.ApiHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "kexin.foundation.ui.shell.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "kexin.people.middleware.TokenMiddleware",
]
MIDDLEWARE = [
    "kexin.site.lane.LaneMiddleware",
    # First, so that files, redirects to https and errors of the other layers carry the headers too.
    "kexin.site.headers.HeadersMiddleware",
    "kexin.site.compression.Compression",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kexin.foundation.ui.shell.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kexin.people.middleware.CallerMiddleware",
    "kexin.foundation.ui.answers.ProblemMiddleware",
]

# --- databases -------------------------------------------------------------------------------------------------------


def _database(cluster: str) -> dict[str, Any]:
    """One connection of this process. Persistent: WSGI with few threads and kept connections measured fastest."""
    nowhere = {"HOST": "/nonexistent", "PORT": "", "NAME": "kexin", "USER": "nobody", "PASSWORD": ""}
    options: dict[str, Any] = {"connect_timeout": 5, "application_name": f"kexin-{ROLE or 'tool'}"}
    place: dict[str, Any] = nowhere
    if ROLE:
        address = INSTANCE.address(cluster, ROLE)
        options |= dict(address.options)
        place = {
            "HOST": address.host, "PORT": str(address.port), "NAME": address.name,
            "USER": address.user, "PASSWORD": address.password,
        }  # fmt: skip
    return {
        "ENGINE": "kexin.foundation.database",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
        **place,
    }


# `evidence` is the main database again: a connection whose lines commit at once, whatever the request does later.
DATABASES = {"default": _database("main"), "evidence": _database("main"), "keyring": _database("keyring")}
DATABASE_ROUTERS = ["kexin.site.router.ClusterRouter"]
# No cache that outlives a request: a cached page or value would be a copy that erasure does not know.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

# --- pages -----------------------------------------------------------------------------------------------------------

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "foundation" / "ui" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "kexin.foundation.templatetags.standing",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kexin.foundation.ui.shell.context",
            ],
        },
    }
]
STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("KEXIN_STATIC", "").strip() or INSTANCE.folder / "static")
STATICFILES_DIRS = [PACKAGE / "foundation" / "ui" / "static"]
STORAGES = {
    # Nothing is ever stored as a plain file: uploads are sealed while they arrive (vault.operations.keep_file).
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "kexin.site.static.Manifest"},
}
WHITENOISE_AUTOREFRESH = False
# Without collected files (tests) they are served from where they lie.
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").exists()

# --- languages and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not ON_LOOPBACK
LANGUAGE_COOKIE_HTTPONLY = True

# --- people and sessions ---------------------------------------------------------------------------------------------

# Everything about signing in (allauth, Argon2id, limits) is written beside the code that depends on it.
globals().update(defaults.SETTINGS)
KEXIN_TRUSTED_PROXIES = _number("KEXIN_TRUSTED_PROXIES", 0, 0, 5)
#: 0: the suite of sealing is what the rulebook's profile says (crypto_suite). 3 is for key providers in FIPS modes.
KEXIN_SUITE = _number("KEXIN_SUITE", 0, 0, 3)
CSRF_FAILURE_VIEW = "kexin.foundation.ui.answers.csrf_failed"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- security --------------------------------------------------------------------------------------------------------

# `__Host-` binds a cookie to this origin over TLS; browsers refuse it on plain http://localhost.
_cookie = "" if ON_LOOPBACK else "__Host-"
SESSION_COOKIE_NAME = f"{_cookie}sid"
SESSION_COOKIE_SECURE = not ON_LOOPBACK
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_cookie}csrf"
CSRF_COOKIE_SECURE = not ON_LOOPBACK
# The token reaches HTMX through a meta tag of the page, never through a script reading the cookie.
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [] if ON_LOOPBACK else [ORIGIN.rstrip("/")]
SECURE_SSL_REDIRECT = not ON_LOOPBACK
SECURE_HSTS_SECONDS = 0 if ON_LOOPBACK else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not ON_LOOPBACK
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "report-uri": ["/policy-reports"],
    }
}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
DATA_UPLOAD_MAX_NUMBER_FILES = 5
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_PERMISSIONS = 0o600
# Never the temporary-file handler: a spool file on disk would be plaintext. Imports seal while receiving instead.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- background work and logs ----------------------------------------------------------------------------------------

PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "kexin.site.logs.WithoutValues"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
