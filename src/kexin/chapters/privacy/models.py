"""Tables of chapter 6: what a person asked for, when, through which door, and how it ended."""

from django.db import models


class ErasureRequest(models.Model):
    """A request to delete, by the person or on the company's own initiative (PIPL 47).

    The vault's erasure has its own row; this one keeps the request: who asked through which door and by when it must
    be answered. It outlives the person as a number: the subject's id is all that points at them.
    """

    id = models.UUIDField(primary_key=True)
    #: DR-20261123-7Q2K: what people quote on the phone.
    code = models.CharField(max_length=24, unique=True)
    subject_id = models.UUIDField()
    #: One of `types.Ground`.
    ground = models.CharField(max_length=24)
    #: One of `types.Door`: how the request reached the company.
    door = models.CharField(max_length=16)
    taken_by = models.UUIDField()
    taken_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    erasure_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_id"], name="privacy_erasurereq_subject"),
            models.Index(fields=["-taken_at", "-id"], name="privacy_erasurereq_newest"),
        ]
