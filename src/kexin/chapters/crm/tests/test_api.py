"""The API: created once, masked, found, revealed with a reason, refused with rule and article, never a 500."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connections

from kexin.chapters.crm.models import ApiRequest
from kexin.chapters.crm.tests.worlds import Api
from kexin.vault.tests import views


@pytest.fixture
def house(db: Any) -> None:
    views.put_in_force()


@pytest.fixture
def api(house: None) -> Api:
    return Api()


def _subjects() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_subject")
        return int(cursor.fetchone()[0])


def test_a_retry_with_the_same_key_answers_the_same_customer(api: Api) -> None:
    body = {"values": {"name": "欧阳若兰", "mobile": views.phone()}, "source": {"source": "api", "basis": "contract_if_asked"}}
    first = api("POST", "/customers", body, Idempotency_Key="k1")
    assert first.status_code == 201, first.content
    again = api("POST", "/customers", body, Idempotency_Key="k1")
    assert again.status_code == 200 and again.json()["id"] == first.json()["id"]
    assert _subjects() == 1 and first["Location"].endswith(first.json()["id"])
    row = ApiRequest.objects.get()
    assert body["values"]["mobile"].encode() not in bytes(row.body_hmac) + bytes(row.key_hash)


@pytest.mark.bad_input(35)
def test_a_key_with_another_body_or_another_person_is_not_the_same_request(api: Api) -> None:
    assert api.create("k1").status_code == 201
    reused = api.create("k1", name="王小明")
    assert reused.status_code == 422 and reused.json()["type"].endswith("idempotency-key-reused")
    other = Api()
    assert other.create("k1").status_code == 201
    assert _subjects() == 2


def test_a_customer_is_read_masked_and_fields_narrow(api: Api) -> None:
    mobile = views.phone()
    made = api.create("k", mobile=mobile, email="chen@example.com").json()
    read = api("GET", f"/customers/{made['id']}")
    assert read.status_code == 200 and mobile not in read.content.decode()
    assert read.json()["fields"]["mobile"]["text"] == f"{mobile[:3]}****{mobile[-4:]}"
    assert read.json()["relation"] == "own" and read.json()["number"] == made["number"]
    narrow = api("GET", f"/customers/{made['id']}?fields=mobile").json()["fields"]
    assert set(narrow) == {"mobile"}


def test_search_takes_the_term_in_the_body_and_its_cursor_is_bound_to_the_asker(api: Api) -> None:
    mobile = views.phone()
    made = api.create("k", name="单于海棠", mobile=mobile).json()
    for term in (mobile, f"+86 {mobile}", "海棠", "单" + mobile[-4:], "chanyuhaitang", made["number"]):
        found = api("POST", "/customer-searches", {"term": term, "fields": ["name", "mobile"]})
        assert found.status_code == 200, (term, found.content)
        assert [item["id"] for item in found.json()["items"]] == [made["id"]], term
        assert mobile not in found.content.decode()
    forged = api("POST", "/customer-searches", {"term": "海棠", "cursor": "AAAA"})
    assert forged.status_code == 400 and forged.json()["type"].endswith("bad-cursor")


def test_a_reveal_needs_a_reason_and_answers_for_a_minute(api: Api) -> None:
    mobile = views.phone()
    made = api.create("k", mobile=mobile).json()
    address = f"/customers/{made['id']}/reveals"
    assert api("POST", address, {"attribute": "mobile", "reason": ""}).status_code == 422
    shown = api("POST", address, {"attribute": "mobile", "reason": "customer_asked"})
    assert shown.status_code == 201 and shown.json()["value"] == mobile and shown.json()["used"] == 1


def test_a_colleague_sees_the_mask_and_cannot_reveal_and_nothing_changes(api: Api) -> None:
    mobile = views.phone()
    made = api.create("k", mobile=mobile).json()
    other = Api()
    assert "****" in other("GET", f"/customers/{made['id']}").json()["fields"]["mobile"]["text"]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_reveal")
        before = cursor.fetchone()[0]
    refused = other("POST", f"/customers/{made['id']}/reveals", {"attribute": "mobile", "reason": "customer_asked"})
    problem = refused.json()
    assert refused.status_code == 403 and mobile not in refused.content.decode()
    assert refused["Content-Type"] == "application/problem+json" and problem["rule"] and problem["article"], problem
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_reveal")
        assert cursor.fetchone()[0] == before


def test_why_names_source_and_basis(api: Api) -> None:
    made = api.create("k").json()
    why = api("GET", f"/customers/{made['id']}/why?attribute=mobile")
    assert why.status_code == 200 and why.json()["basis"] == "contract_if_asked" and why.json()["sources"]


def test_the_purpose_header_selects_and_never_widens(api: Api) -> None:
    made = api.create("k").json()
    assert api("GET", f"/customers/{made['id']}", Kexin_Purpose="service").status_code == 200
    assert api("GET", f"/customers/{made['id']}", Kexin_Purpose="mkt_sms").status_code == 403
    body = {"values": {"name": "甲"}, "purpose": "rights", "source": {"source": "api", "basis": "unproven"}}
    assert api("POST", "/customers", body, Idempotency_Key="p").status_code == 422


@pytest.mark.bad_input(34)
def test_without_a_token_nothing_is_said(house: None, client: Any) -> None:
    for headers in ({}, {"Authorization": "Bearer kx_nothing"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer " + "x" * 100_000}):
        answer = client.get(f"/api/v1/customers/{uuid.uuid4()}", headers=headers)
        assert answer.status_code == 401, headers
        assert answer["Content-Type"] == "application/problem+json" and "Bearer" in answer["WWW-Authenticate"]


def test_absent_and_hidden_look_the_same(api: Api) -> None:
    answers = {api("GET", f"/customers/{uuid.uuid4()}").content for _try in range(2)}
    assert len(answers) == 1


# reliability.md §6, items 22, 24, 26, 27, 30-35, by number.
HOSTILE_BODIES = {
    "22-null-values": b'{"values": null, "source": {"source": "api", "basis": "unproven"}}',
    "22-bool-as-text": b'{"values": {"name": false}, "source": {"source": "api", "basis": "unproven"}}',
    "24-hidden-members": b'{"values": {"name": "x"}, "id": 1, "owner": "me", "source": {"source": "api", "basis": "unproven"}}',
    "24-hidden-attribute": b'{"values": {"is_staff": "1"}, "source": {"source": "api", "basis": "unproven"}}',
    "26-not-json": b"name=x",
    "26-empty": b"",
    "27-deep": b"[" * 10_000,
    "27-keys": json.dumps({"values": {f"a{i}": "x" for i in range(5_000)}}).encode(),
    "27-big-number": b'{"values": {"name": ' + b"9" * 5_000 + b"}}",
    "27-bom": b"\xef\xbb\xbf{}",
    "27-utf16": '{"values": {}}'.encode("utf-16"),
    "27-trailing-comma": b'{"values": {},}',
    "27-nan": b'{"values": {"name": NaN}}',
    "03-nul": b'{"values": {"name": "a\\u0000b", "mobile": "13800001111"}, "source": {"source": "api", "basis": "contract_if_asked"}}',
    "04-lone-surrogate": b'{"values": {"name": "\\ud800"}, "source": {"source": "api", "basis": "contract_if_asked"}}',
    "02-huge": json.dumps({"values": {"name": "A" * 900_000}, "source": {"source": "api", "basis": "unproven"}}).encode(),
    "06-combining-flood": json.dumps({"values": {"name": "a" + "\u0301" * 200}, "source": {"source": "api", "basis": "unproven"}}).encode(),
    "12-script-key": b'{"values": {"<script>": "x"}, "source": {"source": "api", "basis": "unproven"}}',
}


@pytest.mark.bad_input(2, 3, 4, 6, 12, 22, 24)
@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_hostile_bodies_get_a_clear_answer_and_leave_nothing(api: Api, name: str) -> None:
    answer = api("POST", "/customers", raw=HOSTILE_BODIES[name], Idempotency_Key="h")
    assert 400 <= answer.status_code < 500, (name, answer.status_code, answer.content[:300])
    assert answer["Content-Type"] == "application/problem+json", answer.content[:300]
    assert _subjects() == 0 and ApiRequest.objects.count() == 0


NOBODY = uuid.UUID(int=7)
HOSTILE_PATHS = [
    ("30-negative", "GET", "/customers/-1"),
    ("30-zero", "GET", "/customers/0"),
    ("30-sql", "GET", "/customers/1%20OR%201=1"),
    ("32-fields-star", "GET", f"/customers/{NOBODY}?fields=*"),
    ("32-fields-path", "GET", f"/customers/{NOBODY}?fields=mobile__x,../../x"),
    ("32-unknown-field", "GET", f"/customers/{NOBODY}?fields=password_hash"),
    ("30-why-unknown", "GET", f"/customers/{NOBODY}/why?attribute=nothing"),
    ("32-why-hostile", "GET", f"/customers/{NOBODY}/why?attribute=%00"),
    ("29-method", "DELETE", "/customers"),
    ("29-trace", "TRACE", "/customers"),
]


@pytest.mark.bad_input(30, 32)
@pytest.mark.parametrize(("name", "method", "path"), HOSTILE_PATHS)
def test_hostile_addresses_are_never_a_500(api: Api, name: str, method: str, path: str) -> None:
    assert 400 <= api(method, path).status_code < 500


@pytest.mark.bad_input(35)
@pytest.mark.parametrize("key", ["", "x" * 129, "带中文", "a\tb"])
def test_a_malformed_key_is_refused(api: Api, key: str) -> None:
    body = {"values": {"name": "甲", "mobile": views.phone()}, "source": {"source": "api", "basis": "contract_if_asked"}}
    answer = api("POST", "/customers", body, Idempotency_Key=key.encode().decode("latin-1"))
    assert answer.status_code == 422 and _subjects() == 0
