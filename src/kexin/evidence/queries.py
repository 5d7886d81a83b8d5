"""Questions to the ledger."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.db.models import QuerySet

from kexin.evidence import keys, places, tiles
from kexin.evidence.models import Checkpoint, KeeperState, Leaf, Payload, Verification
from kexin.evidence.operations.noting import pseudonym
from kexin.evidence.rules import merkle
from kexin.evidence.types import Damage, Filters, Head, Keeper, Line, LineProof, Look, Verdict
from kexin.foundation.caller import Caller

PROOF_FORMAT = "kexin-proof/1"
LIMIT = 200


def head() -> Head:
    """The newest checkpoint and how far it has left the house."""
    newest = Checkpoint.objects.order_by("-size").first()
    keepers = tuple(
        Keeper(kind=k.kind, name=k.name, size=k.size, root=k.root, at=k.at, state=k.state, detail=k.detail)  # type: ignore[arg-type]
        for k in KeeperState.objects.order_by("-kind")
    )
    sizes = {keeper.kind: keeper.size for keeper in keepers}
    outside = min(sizes.get("witness", 0), sizes.get("mirror", 0))
    waiting = Leaf.objects.filter(seq=outside).values_list("at", flat=True).first()
    return Head(
        size=newest.size if newest else 0,
        root=bytes(newest.root).hex() if newest else merkle.EMPTY_ROOT.hex(),
        at=newest.at if newest else None,
        witness_size=sizes.get("witness", 0),
        mirror_size=sizes.get("mirror", 0),
        keepers=keepers,
        waiting_since=waiting,
    )


def as_line(leaf: Leaf) -> Line:
    """A stored leaf as people read it: from its bytes, not from its columns."""
    body = json.loads(bytes(leaf.body))
    return Line(
        seq=leaf.seq,
        at=leaf.at,
        event=body["event"],
        decision=body["decision"],
        actor=body["actor"],
        kind=body["kind"],
        purpose=body["purpose"],
        action=body["action"],
        rule_ids=tuple(body["rules"]),
        rulebook=body["rulebook"],
        audit_item=body["audit"],
        relation=body["relation"],
        flags=tuple(body["flags"]),
        count=body["count"],
        subjects=body["subject_count"],
        ref=body["ref"],
        digest=bytes(leaf.hash).hex(),
        intake_id=leaf.intake_id,
    )


def seq_of(intake_id: uuid.UUID) -> int | None:
    """The number of the line with this id; None while it has none."""
    return Leaf.objects.filter(intake_id=intake_id).values_list("seq", flat=True).first()


def lines(filters: Filters, *, before: int | None = None, limit: int = 50) -> list[Line]:
    """Newest first, below ``before`` (a seq). The cursor is the line's own number, so page 1,000 costs what page 1 does."""
    found = _named(filters).order_by("-seq")
    if before is not None:
        found = found.filter(seq__lt=before)
    return [as_line(leaf) for leaf in found[: min(limit, LIMIT)]]


def count(filters: Filters) -> int:
    """Exact number of lines that the filters name; meant for one day, not for the whole ledger."""
    return _named(filters).count()


def _named(filters: Filters) -> QuerySet[Leaf]:
    """The lines that the filters name."""
    found = Leaf.objects.all()
    if filters.since:
        found = found.filter(at__gte=filters.since)
    if filters.until:
        found = found.filter(at__lt=filters.until)
    if filters.events:
        found = found.filter(event__in=filters.events)
    if filters.decision:
        found = found.filter(decision=filters.decision)
    if filters.actors is not None:
        found = found.filter(actor__in=filters.actors)
    return found


def line(seq: int) -> LineProof | None:
    """One line with its proof and where it is kept outside."""
    leaf = Leaf.objects.filter(seq=seq).first()
    if leaf is None:
        return None
    body = json.loads(bytes(leaf.body))
    now = head()
    proved = proof(seq)
    signed_by = ""
    if proved:
        key = keys.signer(proved["checkpoint"])
        signed_by = key.id.hex() if key else ""
    kept = Payload.objects.filter(seq=seq).exists()
    return LineProof(
        line=as_line(leaf),
        body=body,
        proof=proved,
        signed_by=signed_by,
        witnessed=seq < now.witness_size,
        mirrored=seq < now.mirror_size,
        payload="none" if not body["payload"] else "kept" if kept else "gone",
    )


_LOOKED = (
    "SELECT l.seq, l.at, l.body FROM evidence_subject s JOIN evidence_leaf l USING (seq)"
    " WHERE s.audit_id = %s ORDER BY s.seq DESC"
)


def who_looked(audit_id: uuid.UUID) -> list[Look]:
    """Every line that touched this customer, newest first: one scan of the index (audit_id, seq)."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_LOOKED, (audit_id,))
        found = cursor.fetchall()
    looks = []
    for seq, at, stored in found:
        body = json.loads(bytes(stored))
        looks.append(
            Look(
                seq=seq,
                at=at,
                event=body["event"],
                decision=body["decision"],
                actor=body["actor"],
                kind=body["kind"],
                purpose=body["purpose"],
                action=body["action"],
                relation=body["relation"],
                rule_ids=tuple(body["rules"]),
                count=body["count"],
                ref=body["ref"],
            )
        )
    return looks


def proof(of: uuid.UUID | int) -> dict[str, Any] | None:
    """Inclusion proof of a line, by intake id or seq, under the newest checkpoint; None until it is under one."""
    leaf = Leaf.objects.filter(**({"seq": of} if isinstance(of, int) else {"intake_id": of})).first()
    newest = Checkpoint.objects.order_by("-size").first()
    if leaf is None or newest is None or leaf.seq >= newest.size:
        return None
    with connections["default"].cursor() as cursor:
        path = merkle.inclusion_path(tiles.Nodes(cursor), leaf.seq, newest.size)
    return {
        "format": PROOF_FORMAT,
        "origin": keys.ring().origin,
        "seq": leaf.seq,
        "body": bytes(leaf.body).decode("utf-8"),
        "path": [value.hex() for value in path],
        "checkpoint": newest.note,
    }


def tile(level: int, index: int) -> bytes:
    """A tile's hashes one after the other: 256 of them, or a partial tile (C2SP tlog-tiles)."""
    with connections["default"].cursor() as cursor:
        return b"".join(tiles.tile(cursor, level, index))


def pseudonyms(ids: Iterable[uuid.UUID]) -> dict[str, uuid.UUID]:
    """Actor pseudonym -> id, for the ids given (a page maps its lines back to departments with it)."""
    return {pseudonym(identity): identity for identity in ids}


def witness_elsewhere() -> bool:
    """Whether a witness is configured that is not on this machine, where whoever can change the ledger can change it."""
    return urlsplit(places.witness_url()).hostname not in (None, "localhost", "127.0.0.1", "::1")


def trust() -> dict[str, Any]:
    """The public trust file: origin, public keys, witnesses."""
    return keys.trust()


def verdict(verification: uuid.UUID | None = None) -> Verdict | None:
    """One verification, by default the last that was asked for."""
    found = Verification.objects.order_by("-started_at")
    row = (found.filter(id=verification) if verification else found).first()
    return as_verdict(row) if row else None


def verdicts_of(caller: Caller, *, limit: int) -> list[Verdict]:
    """The runs that this caller asked for, newest first."""
    rows = Verification.objects.filter(asked_by=pseudonym(caller.id)).order_by("-started_at")
    return [as_verdict(row) for row in rows[:limit]]


def as_verdict(row: Verification) -> Verdict:
    """A stored run as an answer."""
    damage = None
    if row.damage_kind:
        damage = Damage(kind=row.damage_kind, seq=row.damage_seq, detail=row.damage_detail)
    return Verdict(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]
        depth=row.depth,  # type: ignore[arg-type]
        size=row.size,
        checked=row.checked,
        started_at=row.started_at,
        finished_at=row.finished_at,
        witness_size=row.witness_size,
        mirror_size=row.mirror_size,
        undelivered=row.undelivered,
        damage=damage,
    )
