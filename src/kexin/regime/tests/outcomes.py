"""What the shipped rulebooks must decide, row by row: rulebook, post, purpose, verb, item, about whom, answer."""

from __future__ import annotations

from kexin.regime.types import SubjectFacts

_SENDING = {("mkt_sms", "sms"): "given", ("mkt_call", "call"): "given", ("mkt_email", "email"): "given",
            ("mkt_wechat", "wechat"): "given", ("mkt_push", "push"): "given", ("analytics", ""): "given",
            ("personal", ""): "given", ("research", ""): "given", ("share_partner", ""): "given", ("credit", ""): "given"}  # fmt: skip


def _one(*grants: str, **more: object) -> SubjectFacts:
    known = {"kind": "person", "state": "active", "age_status": "adult", "unproven": False, **more}
    return SubjectFacts(grants=frozenset(grants), **known)  # type: ignore[arg-type]


SUBJECTS: dict[str, SubjectFacts] = {
    "own": _one("owner"),
    "other": _one(),
    "case": _one("open_case"),
    "approved": _one("approval"),
    "agreed": _one("owner", consents=_SENDING),
    "withdrew": _one("owner", consents=dict.fromkeys(_SENDING, "withdrawn")),
    "open": _one("owner", "team", "open_case", "task", "approval", "minor_approval", consents=_SENDING),
    "minor": _one("owner", age_status="minor", consents=_SENDING),
    "minor approved": _one("owner", "minor_approval", age_status="under14", consents=_SENDING),
    "age unknown": _one("owner", age_status="unknown"),
    "unproven": _one("owner", unproven=True, consents=_SENDING),
    "frozen": _one("owner", "open_case", "approval", state="frozen", consents=_SENDING),
    "erasing": _one("owner", "open_case", "approval", state="erasing", consents=_SENDING),
    "company": _one(kind="organisation", facets={"org_kind": "company"}),
    "own company": _one("owner", kind="organisation", facets={"org_kind": "company"}),
    "company of unknown kind": _one(kind="organisation"),
    "sole trader": _one(kind="organisation", facets={"org_kind": "sole_trader"}),
    "sole trader agreed": _one(kind="organisation", facets={"org_kind": "sole_trader"}, consents=_SENDING),
    "proprietor": _one(kind="organisation", facets={"org_kind": "proprietor"}),
}

_COMMON = [
    # Sales: own customers in full, colleagues' masked, grade 4 never, an own list leaves masked.
    ("sales", "presale", "read", "mobile", "own", "allow"),
    ("sales", "presale", "read", "mobile", "other", "mask"),
    ("sales", "presale", "contact", "mobile", "own", "allow"),
    ("sales", "presale", "contact", "mobile", "other", "deny"),
    ("sales", "service", "export", "mobile", "own", "mask"),
    ("sales", "service", "export", "mobile", "other", "deny"),
    ("sales", "presale", "read", "bank_card", "own", "deny"),
    ("sales", "mkt_sms", "contact", "mobile", "agreed", "deny"),
    ("sales", "presale", "read", "mobile", "age unknown", "allow"),
    # Agents work on a case, and find people masked without one.
    ("agent", "service", "read", "mobile", "case", "allow"),
    ("agent", "service", "read", "mobile", "other", "mask"),
    ("agent", "service", "contact", "mobile", "other", "deny"),
    # Minors: an approval, and no marketing whatever they agreed to.
    ("sales", "presale", "read", "mobile", "minor", "deny"),
    ("sales", "presale", "read", "mobile", "minor approved", "allow"),
    ("sales", "presale", "contact", "mobile", "minor", "deny"),
    ("marketer", "mkt_sms", "contact", "mobile", "minor", "deny"),
    ("marketer", "mkt_sms", "contact", "mobile", "minor approved", "deny"),
    # Marketing sends to those who agreed and sees nobody; a withdrawal ends it, for the service it changes nothing.
    ("marketer", "mkt_sms", "contact", "mobile", "agreed", "allow"),
    ("marketer", "mkt_sms", "contact", "mobile", "own", "deny"),
    ("marketer", "mkt_sms", "contact", "mobile", "withdrew", "deny"),
    ("marketer", "mkt_sms", "read", "mobile", "agreed", "deny"),
    ("marketer", "mkt_sms", "aggregate", "city", "other", "allow"),
    ("sales", "service", "read", "mobile", "withdrew", "allow"),
    # Source or proof unknown: existing orders only.
    ("sales", "service", "read", "mobile", "unproven", "allow"),
    ("sales", "service", "contact", "mobile", "unproven", "allow"),
    ("sales", "presale", "contact", "mobile", "unproven", "deny"),
    ("marketer", "mkt_sms", "contact", "mobile", "unproven", "deny"),
    # Frozen and leaving records.
    ("sales", "service", "read", "mobile", "frozen", "deny"),
    ("dpo", "rights", "read", "mobile", "frozen", "allow"),
    ("agent", "service", "read", "mobile", "erasing", "deny"),
    # The officer serves rights in full, the auditor and the steward look masked, administrators not at all.
    ("dpo", "rights", "read", "bank_card", "other", "allow"),
    ("dpo", "governance", "read", "mobile", "own", "deny"),
    ("auditor", "audit", "read", "bank_card", "other", "mask"),
    ("auditor", "audit", "write", "mobile", "other", "deny"),
    ("auditor", "audit", "export", "mobile", "other", "deny"),
    ("steward", "quality", "read", "mobile", "other", "mask"),
    ("steward", "quality", "write", "mobile", "other", "allow"),
    ("security_admin", "governance", "read", "name", "open", "deny"),
    ("system_admin", "governance", "read", "name", "open", "deny"),
    ("head", "governance", "read", "name", "open", "deny"),
    ("svc_importer", "presale", "write", "mobile", "other", "allow"),
    ("svc_importer", "presale", "read", "mobile", "other", "deny"),
    # Finance: what invoices and refunds need.
    ("finance", "invoice", "read", "invoice_title", "other", "allow"),
    ("finance", "pay", "read", "bank_card", "other", "allow"),
    ("finance", "invoice", "read", "bank_card", "other", "deny"),
    ("finance", "pay", "sort", "bank_card", "other", "deny"),
    ("finance", "pay", "export", "bank_card", "approved", "deny"),
]  # fmt: skip

_RETAIL = [
    ("agent", "real_name", "read", "id_no", "case", "allow"),
    ("agent", "real_name", "read", "id_no", "other", "deny"),
    ("counsel", "legal", "read", "id_no", "other", "mask"),
    ("counsel", "legal", "read", "id_no", "approved", "allow"),
    ("analyst", "analytics", "analyse", "age_band", "agreed", "allow"),
    ("analyst", "analytics", "analyse", "age_band", "own", "deny"),
    ("analyst", "analytics", "analyse", "age_band", "minor", "deny"),
    ("analyst", "analytics", "analyse", "habit", "agreed", "deny"),
    ("marketer", "mkt_push", "contact", "wechat_openid", "agreed", "deny"),
    ("marketer", "mkt_wechat", "contact", "wechat_openid", "agreed", "allow"),
    ("finance", "credit", "read", "credit_limit", "agreed", "deny"),
]  # fmt: skip

_B2B = [
    # Contact persons: worked with under the contract's purpose, written to for marketing only when they agreed.
    ("sales", "contract_b2b", "read", "mobile", "own", "allow"),
    ("sales", "contract_b2b", "read", "job_title", "other", "mask"),
    ("sales", "contract_b2b", "read", "decision_role", "own", "allow"),
    ("marketer", "mkt_email", "contact", "email", "own", "deny"),
    ("marketer", "mkt_email", "contact", "email", "agreed", "allow"),
    ("marketer", "mkt_email", "contact", "email", "unproven", "deny"),
    # Company facts may be analysed; sole traders and proprietors are persons; an unknown kind opens nothing.
    ("analyst", "analytics", "analyse", "industry", "company", "allow"),
    ("analyst", "analytics", "analyse", "industry", "sole trader", "deny"),
    ("analyst", "analytics", "analyse", "industry", "sole trader agreed", "allow"),
    ("analyst", "analytics", "analyse", "industry", "proprietor", "deny"),
    ("analyst", "analytics", "analyse", "industry", "company of unknown kind", "deny"),
    ("analyst", "analytics", "analyse", "level", "own", "deny"),
    ("analyst", "analytics", "analyse", "level", "agreed", "allow"),
    # Credit: of a company without consent, of a person or a sole trader with it.
    ("finance", "credit", "read", "credit_limit", "company", "allow"),
    ("finance", "credit", "read", "credit_limit", "sole trader", "deny"),
    ("finance", "credit", "read", "credit_limit", "sole trader agreed", "allow"),
    ("finance", "credit", "read", "credit_limit", "company of unknown kind", "deny"),
    ("finance", "credit", "read", "credit_limit", "own", "deny"),
    ("sales", "credit", "read", "credit_limit", "agreed", "deny"),
    ("finance", "pay", "read", "corp_account", "company", "allow"),
    ("sales", "contract_b2b", "read", "corp_account", "own company", "deny"),
    ("sales", "contract_b2b", "read", "contract_total", "other", "mask"),
    ("counsel", "legal", "read", "signature", "other", "mask"),
    ("agent", "real_name", "read", "id_no", "case", "allow"),
    # What this rulebook does not collect.
    ("sales", "contract_b2b", "write", "health", "own", "deny"),
    ("sales", "contract_b2b", "write", "child_info", "own", "deny"),
]  # fmt: skip

_SMALL = [
    # The owner works as sales lead, never as head.
    ("sales_lead", "presale", "read", "mobile", "own", "allow"),
    ("head", "governance", "read", "mobile", "own", "deny"),
    # No document, health or profile comes in, whoever asks.
    ("steward", "quality", "write", "id_no", "own", "deny"),
    ("agent", "service", "read", "id_no", "case", "deny"),
    ("sales", "service", "write", "health", "own", "deny"),
    ("marketer", "personal", "analyse", "level", "agreed", "deny"),
    ("marketer", "share_partner", "export", "mobile", "agreed", "deny"),
    # The officer handles disputes where there is no counsel: masked, in full with approval.
    ("dpo", "legal", "read", "bank_card", "other", "mask"),
    ("dpo", "legal", "read", "bank_card", "approved", "allow"),
    ("counsel", "legal", "read", "mobile", "approved", "deny"),
    ("analyst", "analytics", "analyse", "level", "agreed", "deny"),
    ("finance", "pay", "read", "balance", "other", "allow"),
]  # fmt: skip

OUTCOMES = [
    *((key, *row) for key in ("retail", "b2b", "small") for row in _COMMON),
    *(("retail", *row) for row in _RETAIL),
    *(("b2b", *row) for row in _B2B),
    *(("small", *row) for row in _SMALL),
]
