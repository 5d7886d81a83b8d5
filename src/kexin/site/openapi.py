"""The API as a document (OpenAPI 3.1): what ninja reads from the code, and every refusal that can come instead."""

from __future__ import annotations

from typing import Any

#: Status -> what it means. 401, 403 and 503 stand before every endpoint, the others where they can come.
REFUSALS = {
    "400": "The request cannot be read: JSON that does not parse, or a cursor of another caller or question.",
    "401": "The token is missing, unknown, expired or revoked.",
    "403": "A rule refuses. `rule` and `article` name it..",
    "404": "No such address or object for this caller.",
    "405": "This address does not take that method.",
    "409": "Somebody changed it first, or its state does not allow this.",
    "410": "The customer was erased; only the number is left.",
    "413": "The body is larger than the API takes.",
    "422": "Members are wrong. `errors` names each one and why, never the value.",
    "429": "The quota of today, or the rate, is used up.",
    "503": "A part of the system is down; nothing was changed and a retry is safe.",
}
PURPOSE = {
    "name": "Kexin-Purpose",
    "in": "header",
    "required": False,
    "description": "Selects one of the token's own purposes for this request; it never widens them.",
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$"},
}
KEY = "1 to 128 visible ASCII characters. The same key with the same body answers the same customer for 7 days."
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Sentences are in the reader's language (Accept-Language: zh or en).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:kexin:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "rule": {"type": "string"},
        "article": {"type": "string"},
        "missing": {"type": "array", "items": {"type": "string"}},
        "who": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with refusals, headers and the sign-in named at every endpoint."""
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["parameters"] = {"KexinPurpose": PURPOSE}
    parts["responses"] = {f"Problem{status}": _refusal(text) for status, text in REFUSALS.items()}
    for address in document["paths"].values():
        for operation in address.values():
            _complete(operation)
    return document


def _refusal(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "content": content}


def _complete(operation: dict[str, Any]) -> None:
    answers = {str(status): answer for status, answer in operation["responses"].items()}
    answers |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in REFUSALS}
    operation["responses"] = dict(sorted(answers.items()))
    if "200" in answers and "content" not in answers["200"]:
        answers["200"]["content"] = {"application/json": {"schema": {"type": "object"}}}
    parameters = operation.setdefault("parameters", [])
    parameters.append({"$ref": "#/components/parameters/KexinPurpose"})
    for parameter in parameters:
        if parameter.get("name") == "Idempotency-Key":
            parameter["description"] = KEY
            parameter["schema"] |= {"minLength": 1, "pattern": "^[!-~]+$"}
