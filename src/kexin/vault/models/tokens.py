"""Search tokens: keyed, rebuildable, and gone with the erasure. What they mean stands in `vault.search`."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class TokenExact(models.Model):
    """HMAC of one normalised value (or compound, such as surname and last four), 16 bytes."""

    pk = models.CompositePrimaryKey("index", "gen", "token", "subject_id")
    index = models.CharField(max_length=48)
    gen = models.SmallIntegerField()
    token = models.BinaryField()
    subject_id = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["subject_id"], name="vault_exact_subject")]


class TokenGram(models.Model):
    """24-bit tokens of the grams of one value; candidates are verified after opening."""

    pk = models.CompositePrimaryKey("subject_id", "index", "gen")
    subject_id = models.UUIDField()
    index = models.CharField(max_length=48)
    gen = models.SmallIntegerField()
    tokens = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["tokens"], name="vault_gram_tokens")]
