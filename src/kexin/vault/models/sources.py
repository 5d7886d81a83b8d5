"""Where every value came from, on which basis."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SourceAct(models.Model):
    """One act of collection: a form, an import, a call. `basis` may be ``unproven`` (来源或凭证不明)."""

    id = models.UUIDField(primary_key=True)
    #: A source code of the catalogue (form, import, offline, partner, …) and the words people gave this act.
    source = models.CharField(max_length=32)
    label = models.CharField(max_length=120, default="", blank=True)
    purpose = models.CharField(max_length=48)
    basis = models.CharField(max_length=32)
    notice = models.CharField(max_length=64, default="", blank=True)
    proof_file = models.UUIDField(null=True)
    declared_by = models.UUIDField()
    at = models.DateTimeField()


class Provenance(models.Model):
    """This subject's values came by this act: all of them when `attributes` is NULL, else those named."""

    pk = models.CompositePrimaryKey("subject_id", "source_act_id")
    subject_id = models.UUIDField()
    source_act_id = models.UUIDField()
    attributes = ArrayField(models.CharField(max_length=48), null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["source_act_id"], name="vault_provenance_act")]
