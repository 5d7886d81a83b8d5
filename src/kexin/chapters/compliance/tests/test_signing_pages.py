"""The effect of a draft on the screen, and its signatures: nobody signs what was not shown; and what nobody uses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from kexin.chapters.compliance.tests.test_pages import HX, RETAIL, Seat, draft_of, form_of, rows
from kexin.foundation.clock import now
from kexin.regime import queries as regime
from kexin.regime.models import RulebookDraft, RulebookImpact
from kexin.regime.operations import assessing
from kexin.vault.tests import views


def counted(seat: Seat, draft: str) -> str:
    """Ask for the impact as the page does, count as the worker does; the page's address."""
    address = str(seat.post(f"{draft}/impacts")["Location"])
    assert "正在排队" in seat.get(address) and seat.client.get(f"{address}/progress", headers=HX).status_code == 200
    assert "正在排队" in seat.get("/tasks") and address in seat.get("/tasks")
    assessing.count_impact(seat.caller, impact=address.rsplit("/", 1)[1])
    assert seat.client.get(f"{address}/progress", headers=HX)["HX-Refresh"] == "true"
    return address


def drafted(officer: Seat) -> str:
    """A draft in which sales no longer see mobile numbers."""
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/additions/rules"))
    officer.post(f"{draft}/additions/rules", form | {
        "code": "no-mobile", "label.zh": "销售不看手机号", "effect": "forbid", "roles": ["sales"], "purposes.all": "yes", "actions": ["read"],
        "attributes.all": "no", "attributes": ["mobile"], "categories.all": "yes", "subjects.all": "yes", "when.join": "none", "chapter": "7.1", "article": "个人信息保护法第六条",
    })  # fmt: skip
    return draft


def test_the_effect_is_shown_and_two_people_sign_on_the_same_page(officer: Seat, head: Seat) -> None:
    seller = views.sales()
    for _ in range(3):
        views.customer(seller)
    address = counted(officer, drafted(officer))
    page = officer.get(address)
    for words in ("收紧", "－查看", "涉及 3 人", "谁须签署", "周立群", "签署并送 周立群", "只收紧，没有放宽", "抽查 3 人与逐人判定一致"):
        assert words in page, words
    assert "销售任何用途下不得" not in page and "no-mobile" in page and " style=" not in page
    assert "全部" in officer.get(f"{address}?show=all")
    assert "销售" in officer.client.get(f"{address}/table.csv").content.decode("utf-8-sig")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest is not None
    before = rows()
    for wrong in ("", "0" * 64):
        officer.post(f"{address}/signatures", {"digest": wrong}, status=409)
    assert rows() == before
    officer.post(f"{address}/signatures", {"digest": digest[1]})
    assert regime.bundle().version == 1 and not RulebookDraft.objects.exists()
    again = officer.get(address)
    assert "起草人和签署人不能是同一人" in again and "签署，立即生效" not in again
    officer.post(f"{address}/signatures", {"digest": digest[1]}, status=403)
    waiting = head.get("/rulebook")
    assert "等另一位签署" in waiting and address not in head.get("/tasks")
    same = str(head.post("/rulebook/versions/2/impacts")["Location"])
    assert same == address and "签署，立即生效" in head.get(address)
    head.post(f"{address}/signatures", {"digest": digest[1]})
    assert regime.bundle().version == 2 and "no-mobile" in {rule.id for rule in regime.bundle().rulebook.rules}
    assert "这一版已经签署" in head.get(address)


def test_a_stale_sign_in_must_be_proved_again(officer: Seat, head: Seat) -> None:
    from kexin.people.sign_in import BEGAN

    address = counted(officer, drafted(officer))
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', officer.get(address))
    assert digest is not None
    session = officer.client.session
    session[BEGAN] = int(now().timestamp()) - 11 * 60
    session.save()
    page = officer.get(address)
    assert "确认身份后签署" in page and "/fresh-proof?next=/rulebook/impacts/" in page and 'name="digest"' not in page
    before = rows()
    officer.post(f"{address}/signatures", {"digest": digest[1]}, status=403)
    assert rows() == before


@pytest.mark.parametrize("role", ["sales", "auditor", "steward", "system_admin"])
def test_who_may_not_sign_does_not(officer: Seat, role: str) -> None:
    address = counted(officer, drafted(officer))
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', officer.get(address))
    assert digest is not None
    other, before = Seat(role), rows()
    other.post(f"{address}/signatures", {"digest": digest[1]}, status=404 if role in ("auditor", "steward") else 403)
    assert rows() == before
    other.get(address, status=403 if role in ("sales", "system_admin") else 200)


def test_an_edit_after_the_counting_needs_another_one(officer: Seat) -> None:
    draft = drafted(officer)
    address = counted(officer, draft)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', officer.get(address))
    assert digest is not None
    officer.post(f"{draft}/reversals/rules/no-mobile")
    assert "草案已经改过" in officer.get(address)
    before = rows()
    officer.post(f"{address}/signatures", {"digest": digest[1]}, status=404)
    assert rows() == before


def test_a_draft_of_names_alone_says_so(officer: Seat, head: Seat) -> None:
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/entries/title"))
    officer.post(f"{draft}/entries/title", form | {"zh": "客户信息管理制度（修订）"})
    page = officer.get(counted(officer, draft))
    assert "没有岗位多了或少了什么" in page and "1 处改动按放宽对待" in page


def test_a_lone_publisher_is_told_when_it_takes_effect() -> None:
    views.put_in_force(RETAIL.replace(b"size: general", b"size: small"))
    officer = Seat("dpo", name="王敏")
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/entries/rules/agent-real-name"))
    officer.post(f"{draft}/entries/rules/agent-real-name", form | {"attributes": ["name", "id_no", "passport_no", "signature"]})
    address = counted(officer, draft)
    page = officer.get(address)
    assert "只有一人能签署" in page and "签署，24 小时后生效" in page
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest is not None
    officer.post(f"{address}/signatures", {"digest": digest[1]})
    assert regime.bundle().version == 1
    assert "含放宽）将于" in officer.get("/rulebook") and "待生效" in officer.get("/rulebook/versions")


def test_a_failed_counting_says_that_nothing_is_believed(officer: Seat) -> None:
    draft = drafted(officer)
    address = str(officer.post(f"{draft}/impacts")["Location"])
    RulebookImpact.objects.update(state="failed", problem="counts-differ", finished_at=now())
    page = officer.get(address)
    assert "没有任何数字可信" in page and "重新点数" in page and 'name="digest"' not in page
    assert str(officer.post(f"{draft}/impacts", {"again": "1"})["Location"]) != address


def test_a_missing_fact_is_named_on_the_page(officer: Seat) -> None:
    views.customer(views.sales())
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/additions/rules"))
    officer.post(f"{draft}/additions/rules", form | {
        "code": "asks-sms", "label.zh": "没有短信同意不联系", "effect": "forbid", "roles.all": "yes", "purposes": ["presale"], "actions": ["contact"],
        "attributes.all": "yes", "categories.all": "yes", "subjects.all": "yes", "when.join": "text", "when.text": "{not: {has_consent: [mkt_sms]}}",
        "chapter": "6.2", "article": "个人信息保护法第十三条",
    })  # fmt: skip
    page = officer.get(counted(officer, draft))
    assert "规则“没有短信同意不联系”会使 1 位在用客户无法使用" in page and "缺少“短信营销”的同意" in page


# --- 数据利用 --------------------------------------------------------------------------------------------------------


def test_data_use_suggests_what_nobody_needs(officer: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    from kexin.chapters.compliance.queries import reading
    from kexin.vault.models import Subject, UseMeasure
    from kexin.vault.operations import measuring

    assert "还没有测算过" in officer.get("/rulebook/data-use")
    views.customer(views.sales(), address="杭州市西湖区文三路 90 号")
    officer.post("/rulebook/data-use/measures")
    measuring.measure_use(views.importer("quality"), measure=str(UseMeasure.objects.get().id))
    young = officer.get("/rulebook/data-use")
    assert "还不满 90 天" in young and "建议删去" not in young
    Subject.objects.update(created_at=now() - timedelta(days=91))
    monkeypatch.setattr(reading, "ENOUGH", 1)
    officer.post("/rulebook/data-use/measures")
    assert "正在后台测算" in officer.get("/rulebook/data-use")
    measuring.measure_use(views.importer("quality"), measure=str(UseMeasure.objects.latest("asked_at").id))
    page = officer.get("/rulebook/data-use")
    assert "全部点数" in page and "没有一位客户填写，建议删去" in page and "90 天内无人使用" in page
    address = page[page.index("#attributes-address") :][:900]
    assert "90 天内无人使用" in address and "100%" in address
    Seat("sales").post("/rulebook/data-use/measures", status=403)


def test_a_house_without_a_rulebook_says_so() -> None:
    assert "还没有生效的制度" in Seat("dpo").get("/rulebook", status=503)

