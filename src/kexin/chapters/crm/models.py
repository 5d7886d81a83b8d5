"""Tables of chapter 7. Who a customer belongs to is a grant of `regime`; what a customer is stands in `vault`."""

from django.db import models


class ApiRequest(models.Model):
    """One keyed request of the API, so that a retry answers the same and writes nothing twice.

    The body is kept as an HMAC only, the key as a hash (RFC draft "Idempotency-Key" §2); rows end after
    `operations.KEY_KEPT_DAYS`.
    """

    id = models.UUIDField(primary_key=True)
    actor_id = models.UUIDField()
    key_hash = models.BinaryField(max_length=32)
    body_hmac = models.BinaryField(max_length=32)
    subject_id = models.UUIDField(null=True)
    number = models.CharField(max_length=24, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_id", "key_hash"], name="crm_apirequest_once")]
        indexes = [
            models.Index(fields=["subject_id"], name="crm_apirequest_subject"),
            models.Index(fields=["at"], name="crm_apirequest_at"),
        ]
