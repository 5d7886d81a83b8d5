"""The pages: masked, explained, refused in words, the term kept nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse

from kexin.people.tests.desks import Desk
from kexin.vault.tests import views


@pytest.fixture
def house(db: Any) -> None:
    views.put_in_force()


@pytest.fixture
def sales(house: None) -> Desk:
    return Desk("sales")


def test_the_list_shows_own_customers_masked_with_facets(sales: Desk) -> None:
    mobile = views.phone()
    views.customer(sales.caller(), name="司马青衫", mobile=mobile, city="杭州市", stage="quote")
    views.customer(name="别人的客户", city="宁波市")
    page = sales.client.get("/customers").content.decode()
    assert "司马青衫" in page and f"{mobile[:3]}****{mobile[-4:]}" in page and mobile not in page
    assert "别人的客户" not in page
    everyone = sales.client.get("/customers?view=all").content.decode()
    assert "司马青衫" in everyone
    assert "杭州市" in page and 'name="f.city"' in page


def test_a_filter_by_city_narrows_and_one_by_phone_is_refused(sales: Desk) -> None:
    views.customer(sales.caller(), name="司马青衫", city="杭州市")
    views.customer(sales.caller(), name="欧阳若兰", city="宁波市")
    page = sales.client.get("/customers?f.city=宁波市").content.decode()
    assert "欧阳若兰" in page and "司马青衫" not in page
    assert sales.client.get("/customers?f.id_no=11010519491231002X").status_code in (403, 422)
    many = "&".join(f"f.a{i}=x" for i in range(20))
    assert sales.client.get(f"/customers?{many}").status_code == 422


@pytest.mark.parametrize("query", ["cursor=AAAA", "sort=mobile", "sort=-password", "f.city=%00", "view=../..", "f.nothing=1", "sort=a;b"])
def test_hostile_addresses_of_the_list_are_answered_in_words(sales: Desk, query: str) -> None:
    answer = sales.client.get(f"/customers?{query}")
    assert answer.status_code in (200, 400, 403, 422), (query, answer.status_code)


def test_search_by_post_leaves_no_term_behind(sales: Desk) -> None:
    mobile = views.phone()
    views.customer(sales.caller(), name="司马青衫", mobile=mobile)
    page = sales.client.post("/customers/searches", {"q": mobile})
    assert "司马青衫" in page.content.decode()
    assert sales.client.get(f"/customers/searches?q={mobile}").status_code == 405
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        assert all(mobile not in row[0] for row in cursor.fetchall())


def test_the_card_why_and_reveal(sales: Desk) -> None:
    mobile = views.phone()
    subject = views.customer(sales.caller(), name="司马青衫", mobile=mobile, address="杭州市西湖区文三路 90 号 3 幢 1201 室")
    card = sales.client.get(f"/customers/{subject}").content.decode()
    assert mobile not in card and "1201" not in card and "****" in card
    why = sales.client.get(f"/customers/{subject}/mobile/why").content.decode()
    for line in ("来源", "用途", "合法性基础", "告知与同意", "谁看过", "给过谁", "保留到", "西溪店到店登记表"):
        assert line in why
    assert "今天已看 0 次" in sales.client.get(f"/customers/{subject}/mobile/reveal-form").content.decode()
    shown = sales.client.post(f"/customers/{subject}/mobile/reveals", {"pick": "customer_asked"})
    assert mobile in shown.content.decode() and 'data-kx-open="60"' in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert "今天已看 1 次" in sales.client.get(f"/customers/{subject}/mobile/reveal-form").content.decode()
    assert "1 人 1 次完整查看" in sales.client.get(f"/customers/{subject}/mobile/why").content.decode()
    lines = sales.client.get(f"/customers/{subject}/timeline").content.decode()
    assert "查看完整信息 手机号" in lines and "收集" in lines
    strip = sales.client.get(f"/customers/{subject}/consents").content.decode()
    assert "短信营销" in strip and "从未询问" in strip


def test_contact_before_view_hands_the_number_to_the_phone_alone(sales: Desk) -> None:
    mobile = views.phone()
    subject = views.customer(sales.caller(), mobile=mobile)
    handed = sales.client.post(f"/customers/{subject}/mobile/contacts", {"use": "call"}).content.decode()
    assert f"tel:{mobile}" in handed
    assert mobile not in re.sub(r'href="[^"]*"', "", handed), "the number is shown beside the button"
    assert sales.client.post(f"/customers/{subject}/mobile/contacts", {"use": "rm -rf"}).status_code == 422


def test_a_new_customer_by_hand_and_every_mistake_named(sales: Desk) -> None:
    page = sales.client.get("/customers/new").content.decode()
    assert "手机号" in page and "身份证号" not in page
    wrong = sales.client.post("/customers/new", {"kind": "person", "name": "司马青衫", "mobile": "1380000", "basis": "contract_if_asked"})
    assert wrong.status_code == 422
    text = wrong.content.decode()
    assert "司马青衫" in text and "手机号少" in text, "what was typed is lost, or the mistake is not named"
    right = sales.client.post(
        "/customers/new", {"kind": "person", "name": "司马青衫", "mobile": views.phone(), "basis": "contract_if_asked"}
    )
    assert right.status_code == 302
    assert "司马青衫" in sales.client.get(right["Location"]).content.decode()


def test_both_languages(sales: Desk) -> None:
    sales.client.post(reverse("ui:language", args=["en"]), {"next": "/customers"})
    page = sales.client.get("/customers").content.decode()
    body = re.sub(r"<title>.*?</title>|<script.*?</script>", "", page, flags=re.DOTALL)
    assert "Customers" in body and "客户列表" not in body


def test_an_agent_without_a_case_reads_masked_and_may_not_reveal(house: None) -> None:
    agent = Desk("agent")
    mobile = views.phone()
    subject = views.customer(name="司马青衫", mobile=mobile)
    assert "****" in agent.client.get(f"/customers/{subject}").content.decode()
    refused = agent.client.post(f"/customers/{subject}/mobile/reveals", {"pick": "customer_asked"}, headers={"HX-Request": "true"})
    assert refused.status_code == 403 and mobile not in refused.content.decode()
    assert refused["HX-Retarget"]


@pytest.mark.parametrize("role", ["sales_lead", "agent", "steward", "dpo", "auditor"])
def test_every_post_that_works_with_customers_has_its_list(house: None, role: str) -> None:
    views.customer(name="司马青衫", city="杭州市", stage="quote")
    assert Desk(role).client.get("/customers?view=all").status_code == 200


@pytest.mark.parametrize("role", ["head", "system_admin", "security_admin", "analyst", "marketer"])
def test_posts_that_see_no_customer_see_none(house: None, role: str) -> None:
    desk = Desk(role)
    mobile = views.phone()
    subject = views.customer(name="司马青衫", mobile=mobile)
    for path in ("/customers?view=all", f"/customers/{subject}", f"/customers/{subject}/mobile/why", f"/customers/{subject}/timeline"):
        answer = desk.client.get(path)
        assert "司马青衫" not in answer.content.decode() and mobile not in answer.content.decode(), path
