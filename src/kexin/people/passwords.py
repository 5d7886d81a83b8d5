"""How staff passwords are hashed, and which are refused."""

from __future__ import annotations

import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SHORTEST, LONGEST = 15, 128

#: Pieces that make a long password easy: a password made of these and digits alone is refused.
_COMMON = (
    "password", "passw0rd", "qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "zxcvbn", "1q2w3e4r5t", "1q2w3e4r",
    "1qaz2wsx", "qazwsx", "iloveyou", "woaini", "admin", "administrator", "welcome", "letmein", "abc", "aaa",
    "kexin", "mima", "nihao", "zhongguo", "gongsi", "kehu", "xiaoshou", "wodemima", "woshishei", "chushimima",
)  # fmt: skip


class StaffArgon2(Argon2PasswordHasher):
    """Argon2id with OWASP's 19 MiB, 2 passes, 1 lane: strong, and a small machine survives ten at once."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


class StaffPasswordRule:
    """15 to 128 characters of any kind, not built from common words, one's own name or 工号. No forced rotation."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise ValidationError with one sentence per fault."""
        text = unicodedata.normalize("NFC", password)
        if len(text) < SHORTEST:
            raise ValidationError(_("密码至少 %(count)s 个字符，可以用一句话。") % {"count": SHORTEST}, code="short")
        if len(text) > LONGEST:
            raise ValidationError(_("密码最多 %(count)s 个字符。") % {"count": LONGEST}, code="long")
        rest = text.casefold()
        own = [str(getattr(user, field, "") or "").casefold() for field in ("staff_no", "name", "email")]
        for piece in sorted({*_COMMON, *(word for word in own if len(word) > 1)}, key=len, reverse=True):
            rest = rest.replace(piece, "")
        if len(set(rest.strip("0123456789!@#$%^&*.-_ "))) < 4:
            raise ValidationError(_("这个密码太容易猜到，请换一句自己的话。"), code="common")

    def get_help_text(self) -> str:
        """The rule as forms show it."""
        return str(gettext_lazy("至少 15 个字符，可以用一句自己的话；不要用姓名、工号或常见词。"))
