"""The API is the one in docs/openapi.json, and keeps to it under whatever Schemathesis thinks of."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kexin.chapters.crm.tests.worlds import Api
from kexin.site.api import api
from kexin.vault.tests import views
from tests.house.test_jobs_and_map import _tool

DOCUMENT = api.get_openapi_schema(path_prefix="/api/v1/")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ADDRESSES = {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in SCHEMA.get_all_operations()}


def test_the_committed_document_is_the_api() -> None:
    tool = _tool("openapi")
    assert tool.DOCUMENT.read_text(encoding="utf-8") == tool.text(), "the API changed: run `make docs`, then review the diff"


def test_every_endpoint_names_summary_answers_and_sign_in() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert re.search("[\u4e00-\u9fff]", operation["summary"]) and operation["description"].isascii(), where
            assert operation["security"] == [{"BearerToken": []}], where
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys(), where


def _checked(world: Api, known: dict[str, str], case: Any) -> None:
    """One invented request: a declared status and kind of answer, and no answer at all without the token."""
    path = case.operation.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace("{" + name + "}", known.get(name, str(value)))
    query = "&".join(f"{key}={value}" for key, value in (case.query or {}).items())
    if not re.fullmatch(r"[\x21-\x7e]*", path + query):
        path, query = re.sub(r"[^\x21-\x7e]", "%00", path), re.sub(r"[^\x21-\x7e]", "%00", query)
    headers = {key: str(value) for key, value in (case.headers or {}).items() if key.lower() != "authorization"}
    body = case.body if isinstance(case.body, dict | list | str | int | float | bool | None) else None
    address = path.removeprefix("/api/v1") + (f"?{query}" if query else "")
    with transaction.atomic():
        answer = world(case.method, address, body, **headers)
        stranger = world.client.generic(case.method, f"/api/v1{address}", b"", content_type="application/json")
        transaction.set_rollback(True)
    said = f"{case.method} {address} -> {answer.status_code}: {answer.content[:300]!r}"
    assert answer.status_code < 500 and str(answer.status_code) in case.operation.definition.raw["responses"], said
    kind = "application/json" if answer.status_code < 300 else "application/problem+json"
    assert answer["Content-Type"].startswith(kind), said
    assert stranger.status_code in (401, 404, 405), f"answered without a token: {said}"


def _fuzz(address: str, examples: int) -> None:
    views.put_in_force()
    role, purposes = ("dpo", ("rights",)) if "erasure" in address else ("sales", ("presale", "service"))
    world = Api(role, purposes=purposes)
    known = {"customer": str(views.customer(world_caller(world)))}
    operation = ADDRESSES[address]
    cases = st.one_of(
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @settings(max_examples=examples, deadline=None, phases=[Phase.generate], derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases, real=st.booleans())
    def ask(case: Any, real: bool) -> None:
        _checked(world, known if real else {}, case)

    ask()


def world_caller(world: Api) -> Any:
    """The person behind the token."""
    from kexin.people.tests.factories import caller_for

    return caller_for(world.person)


@pytest.mark.parametrize("address", sorted(ADDRESSES))
def test_invented_requests_get_declared_answers(address: str) -> None:
    _fuzz(address, 40)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("address", sorted(ADDRESSES))
def test_many_invented_requests_get_declared_answers(address: str) -> None:
    _fuzz(address, 3_000)
