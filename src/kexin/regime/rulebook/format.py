"""Format 1 of the rulebook: which keys stand where, and what each may hold. `parser` reads by these tables."""

from __future__ import annotations

from kexin.regime.rulebook import reading as r
from kexin.regime.types import Action, Basis, Effect, ObligationKind

FORMAT = 1
STARTS = (
    "collection",
    "customer_contact",
    "relation_end",
    "completion",
    "warranty_end",
    "withdrawal",
    "closure",
    "year_end",
    "issue",
    "settlement",
    "verification",
    "purpose_end",
    "event",
)
ENDINGS = ("erase", "anonymise", "freeze")
SEARCHES = ("exact", "ngram", "surname_suffix4", "monthday")
CHANNELS = ("call", "sms", "wechat", "email", "push", "partner", "export", "web")
CONSENT_KINDS = ("general", "explicit", "separate", "written", "guardian", "cross_border")
SUBJECT_KINDS = ("person", "organisation")

RETENTION: dict[str, r.Reader] = {
    "from": r.one_of(*STARTS),
    "keep": r.duration,
    "then": r.one_of(*ENDINGS),
    "article": r.string,
}
ENDS: dict[str, r.Reader] = {
    "from": r.one_of(*STARTS),
    "after": r.duration,
    "then": r.one_of(*ENDINGS),
    "article": r.string,
}

COMPANY: dict[str, r.Reader] = {
    "name": r.string,
    "uscc": r.string,
    "address": r.string,
    "phone": r.string,
    "email": r.string,
    "representative": r.string,
    "officer": lambda reading, node, path: reading.mapping(
        node, path, {"name": r.string, "email": r.string, "phone": r.string}, required=("name", "email")
    ),
}
PROFILE: dict[str, r.Reader] = {
    "sensitivity": r.one_of("45574-2025", "35273-2020"),
    "crypto_suite": r.one_of("intl", "sm"),
    "jurisdiction": r.one_of("cn"),
    "extra": r.many(r.one_of("eu", "financial", "credit")),
    "size": r.one_of("general", "small"),
    "age_unknown_as": r.one_of("adult", "ask", "minor"),
}
PURPOSE: dict[str, r.Reader] = {
    "label": r.text,
    "description": r.text,
    "parent": r.code,
    "basis": r.many(r.one_of(*(basis.value for basis in Basis))),
    "necessary": r.boolean,
    "accessory": r.boolean,
    "prohibited": r.boolean,
    "channel": r.one_of(*CHANNELS),
    "consent": r.one_of(*CONSENT_KINDS),
    "consent_valid": r.duration,
    "pia": r.string,
    "owner": r.code,
    "article": r.string,
    "ends": lambda reading, node, path: reading.mapping(node, path, ENDS, required=("from", "after")),
    "retention": r.code,
}
ATTRIBUTE: dict[str, r.Reader] = {
    "label": r.text,
    "category": r.code,
    "type": r.code,
    "grade": r.whole(1, 4),
    "sensitive": r.boolean,
    "careful": r.boolean,
    "storage": r.one_of("sealed", "facet"),
    "display": r.one_of("mask", "full"),
    "search": r.many(r.one_of(*SEARCHES)),
    "mask": r.code,
    "subjects": r.many(r.one_of(*SUBJECT_KINDS)),
    "personal": r.boolean,
    "required": r.boolean,
    "collect": r.boolean,
    "choices": r.choices,
    "necessity": r.text,
    "impact": r.text,
    "hint": r.text,
    "pia": r.code,
    "owner": r.code,
    "source": r.many(r.code),
    "section": r.code,
    "article": r.string,
    "purposes": lambda reading, node, path: reading.keyed(
        node, path, lambda inner, child, here, key, order: r.one_of("necessary", "optional")(inner, child, here)
    ),
    "retention": lambda reading, node, path: reading.keyed(
        node,
        path,
        lambda inner, child, here, key, order: (
            r.code(inner, child, here)
            if isinstance(child.value, str)
            else inner.mapping(child, here, RETENTION, required=("from", "keep", "then"))
        ),
    ),
}
ROLE: dict[str, r.Reader] = {
    "label": r.text,
    "kind": r.one_of("staff", "service", "external"),
    "purposes": r.many(r.code),
    "sees": r.text,
    "permissions": r.many(r.string),
    "apart_from": r.many(r.code),
    "small_apart_from": r.many(r.code),
}
RULE: dict[str, r.Reader] = {
    "id": r.string,
    "effect": r.one_of(*(effect.value for effect in Effect)),
    "label": r.text,
    "roles": r.many(r.code),
    "purposes": r.many(r.code),
    "actions": r.many(r.one_of(*(action.value for action in Action))),
    "attributes": r.many(r.code),
    "categories": r.many(r.code),
    "subjects": r.many(r.one_of(*SUBJECT_KINDS)),
    "grade_min": r.whole(1, 4),
    "grade_max": r.whole(1, 4),
    "show": r.one_of("full", "masked"),
    "when": r.anything,
    "article": r.string,
    "chapter": r.string,
    "obligations": r.many(r.anything),
}
OBLIGATIONS = tuple(kind.value for kind in ObligationKind)
RECIPIENT: dict[str, r.Reader] = {
    "name": r.string,
    "kind": r.one_of("entrusted", "provided", "joint"),
    "contact": r.string,
    "purposes": r.many(r.code),
    "attributes": r.many(r.code),
    "contract": r.string,
    "valid_until": r.day,
    "method": r.text,
    "country": r.string,
    "article": r.string,
}
PIA: dict[str, r.Reader] = {
    "label": r.text,
    "scenario": r.one_of("sensitive", "automated", "entrust_provide_publish", "export", "major_impact"),
    "purposes": r.many(r.code),
    "attributes": r.many(r.code),
    "necessity": r.text,
    "impact": r.text,
    "measures": r.text,
    "risk": r.one_of("low", "medium", "high", "severe"),
    "status": r.one_of("draft", "approved"),
}
TRAINING: dict[str, r.Reader] = {
    "label": r.text,
    "roles": r.many(r.code),
    "grade_min": r.whole(1, 4),
    "valid": r.duration,
    "grace": r.duration,
}
COUNT = r.whole(0, 10_000_000)
CONTROLS: dict[str, r.Reader] = {
    "reveal_daily_floor": COUNT,
    "reveal_p95_factor": r.whole(1, 100),
    "reveal_shown": r.duration,
    "export_rows_free": COUNT,
    "export_rows_two_approvers": COUNT,
    "search_misses_per_hour": COUNT,
    "own_scope_max": r.whole(0, 2000),
    "password_min_length": r.whole(8, 128),
    "signin_attempts": r.whole(1, 20),
    "signin_lock": r.duration,
    "session_idle": r.duration,
    "session_max": r.duration,
    "fresh_signin": r.duration,
    "mfa_roles": r.many(r.code),
    "token_max": r.duration,
    "ask_again_after": r.duration,
    "notice_within": r.duration,
    "unproven_freeze_after": r.duration,
    "bin_keep": r.duration,
    "minor_approval_max": r.duration,
    "log_keep": r.duration,
    "lone_publisher_wait": r.duration,
    "k_internal": r.whole(2, 1000),
    "k_public": r.whole(2, 10_000),
    "quiet_from": r.clock_time,
    "quiet_to": r.clock_time,
    "answer_days": r.whole(1, 30),
}
