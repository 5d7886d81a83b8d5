"""Settings that belong to signing in. `site.settings` takes them as they are: ``globals().update(defaults.SETTINGS)``."""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {
    "AUTH_USER_MODEL": "people.Person",
    "AUTHENTICATION_BACKENDS": ["kexin.people.sign_in.StaffBackend"],
    "PASSWORD_HASHERS": [
        "kexin.people.passwords.StaffArgon2",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ],
    "AUTH_PASSWORD_VALIDATORS": [{"NAME": "kexin.people.passwords.StaffPasswordRule"}],
    "LOGIN_URL": "/sign-in",
    "LOGIN_REDIRECT_URL": "/",
    "LOGOUT_REDIRECT_URL": "/sign-in",
    "ACCOUNT_ADAPTER": "kexin.people.sign_in.StaffAdapter",
    "ACCOUNT_USER_MODEL_USERNAME_FIELD": "staff_no",
    "ACCOUNT_USER_MODEL_EMAIL_FIELD": "email",
    "ACCOUNT_LOGIN_METHODS": {"username"},
    "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_PREVENT_ENUMERATION": "strict",
    # Our own limiter counts in the database, atomically; allauth's counts in a cache that is not shared.
    "ACCOUNT_RATE_LIMITS": False,
    "ACCOUNT_SESSION_REMEMBER": False,
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
    "ACCOUNT_LOGOUT_ON_GET": False,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
    "SESSION_COOKIE_AGE": 12 * 3600,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_SAVE_EVERY_REQUEST": False,
    # How many proxies of the operator's own stand in front; 0 means that X-Forwarded-For is never believed.
    "KEXIN_TRUSTED_PROXIES": 0,
}
