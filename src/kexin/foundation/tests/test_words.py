"""The words of floor 0: callers travel, canonical bytes are injective, ids sort by time, jobs carry no plaintext."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.foundation import canonical, ids
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.jobs import PlaintextInJob, _wire
from kexin.foundation.problems import Problem, Refused

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_a_caller_survives_the_envelope_of_a_job():
    caller = Caller(kind=CallerKind.TOKEN, id=ids.uuid7(), epoch=7, purpose="service", cause="r1", token_id=ids.uuid7())
    assert Caller.from_envelope(caller.envelope()) == caller


def test_a_service_is_the_same_everywhere():
    assert Caller.for_service("importer").id == Caller.for_service("importer").id
    assert Caller.for_service("importer").id != Caller.for_service("retention").id


@given(_json)
def test_canonical_bytes_read_back_to_the_same_value(value):
    assert canonical.loads(canonical.dumps(value)) == value


@given(st.dictionaries(st.text(max_size=6), st.integers(), max_size=6))
def test_canonical_bytes_do_not_depend_on_the_order_of_keys(value):
    turned = dict(reversed(list(value.items())))
    assert canonical.dumps(turned) == canonical.dumps(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_canonical_bytes_refuse_numbers_that_json_does_not_know(value):
    with pytest.raises(ValueError):
        canonical.dumps(value)


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_no_two_lists_share_their_length_prefixed_bytes(left, right):
    assert (canonical.length_prefixed(*left) == canonical.length_prefixed(*right)) == (left == right)


def test_ids_are_version_7_and_sort_by_time():
    made = [ids.uuid7() for _ in range(2000)]
    assert {i.version for i in made} == {7} and len(set(made)) == len(made)
    assert all(i.variant == uuid.RFC_4122 for i in made)
    assert [i.int >> 80 for i in made] == sorted(i.int >> 80 for i in made)


@pytest.mark.parametrize("value", ["13800005678", "陈雨桐", "a b", "x@y", "A" * 65, b"x", {"a": 1}, 1.5])
def test_a_job_refuses_what_could_be_somebodys_data(value):
    # A code starts with a letter: digits alone could be a phone number.
    with pytest.raises(PlaintextInJob):
        _wire("argument", value)


def test_a_job_takes_ids_numbers_flags_and_codes():
    identity = ids.uuid7()
    assert _wire("a", identity) == str(identity)
    assert _wire("a", [1, True, None, "mkt_sms", CallerKind.STAFF]) == [1, True, None, "mkt_sms", "staff"]


def test_a_problem_document_says_what_where_and_what_to_do():
    document = Refused("没有打开身份证号", rule="sales-own", article="PIPL-28", missing=("consent",), remedy="办理实名时可以打开").document()
    assert document["status"] == 403 and document["rule"] == "sales-own" and document["missing"] == ["consent"]
    assert document["remedy"] == "办理实名时可以打开" and document["type"] == "urn:kexin:problem:refused"
    assert "errors" not in Problem("x").document()
