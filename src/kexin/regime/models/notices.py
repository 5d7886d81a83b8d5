"""Notices as published: authored in `privacy`, fixed here."""

from django.db import models

from kexin.foundation.fields import IdField, InstantField


class Notice(models.Model):
    """One version of a notice. Rows and texts are only added (trigger)."""

    id = IdField(primary_key=True)
    #: general 隐私政策 | children 儿童规则 | separate:<purpose> 单独同意书 | staff 员工告知
    kind = models.CharField(max_length=64)
    version = models.IntegerField()
    #: Consents given under an older major version must be asked for again.
    major = models.BooleanField()
    rulebook_sha256 = models.CharField(max_length=64, default="", blank=True)
    published_by = models.UUIDField()
    published_at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="regime_notice_version")]


class NoticeText(models.Model):
    """The bytes of one version in one language, and their SHA-256 in hex."""

    id = models.BigAutoField(primary_key=True)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="texts")
    locale = models.CharField(max_length=16)
    text = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "locale"], name="regime_noticetext_locale")]
