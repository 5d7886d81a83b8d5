"""The rulebook on the screen: read by everybody, drafted by the officer, signed by two people; nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from importlib import resources
from typing import Any

import pytest
from django.test import Client
from tests.house.test_routes import signed_in_as

from kexin.foundation.clock import now
from kexin.people.tests.factories import caller_for, person
from kexin.regime import queries as regime
from kexin.regime.models import RulebookActivation, RulebookDraft, RulebookImpact, RulebookSignature, RulebookVersion
from kexin.regime.operations import assessing
from kexin.regime.rulebook import editing
from kexin.vault.tests import views

RETAIL = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
HX = {"HX-Request": "true"}


class Seat:
    """One person at the console."""

    def __init__(self, role: str, **fields: Any) -> None:
        self.member = person(role, **fields)
        self.client: Client = signed_in_as(self.member)

    @property
    def caller(self) -> Any:
        return caller_for(self.member, "governance")

    def get(self, address: str, *, status: int = 200, **more: Any) -> str:
        answer = self.client.get(address, **more)
        assert answer.status_code == status, (answer.status_code, answer.content.decode()[:800])
        return unescape(answer.content.decode())

    def post(self, address: str, data: dict[str, Any] | None = None, *, status: int = 302) -> Any:
        answer = self.client.post(address, data or {})
        assert answer.status_code == status, (answer.status_code, re.findall(r"kx-field-error[^>]*>.*?</p>|kx-note.*?</div>", answer.content.decode()))
        return answer

    def english(self) -> None:
        self.client.cookies["language"] = "en"


@pytest.fixture
def officer() -> Seat:
    views.put_in_force()
    return Seat("dpo", name="王敏")


@pytest.fixture
def head(officer: Seat) -> Seat:
    return Seat("head", name="周立群")


def form_of(page: str, form: str = 'id="entry"') -> dict[str, list[str]]:
    """The entry form as a browser would send it, untouched."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.inside, self.area, self.select, self.found = False, "", "", dict[str, list[str]]()
            self.options: list[tuple[str, bool]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {key: value or "" for key, value in attrs}
            if tag == "form":
                self.inside = given.get("id") == "entry"
            if not self.inside or (not given.get("name") and tag != "option"):
                return
            name = given.get("name", "")
            if tag == "input" and given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.found.setdefault(name, []).append(given["value"])
            elif tag == "input":
                self.found.setdefault(name, []).append(given.get("value", ""))
            elif tag == "textarea":
                self.area = name
                self.found.setdefault(name, []).append("")
            elif tag == "select":
                self.select, self.options = name, []
            elif tag == "option":
                self.options.append((given.get("value", ""), "selected" in given))

        def handle_data(self, data: str) -> None:
            if self.inside and self.area:
                self.found[self.area][-1] += data

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = ""
            if tag == "select" and self.inside and self.select:
                chosen = next((value for value, on in self.options if on), self.options[0][0] if self.options else "")
                self.found.setdefault(self.select, []).append(chosen)
                self.select = ""
            if tag == "form":
                self.inside = False

    reader = Reader()
    reader.feed(page)
    reader.found.pop("csrfmiddlewaretoken", None)
    return reader.found


def draft_of(seat: Seat) -> str:
    answer = seat.post("/rulebook/drafts")
    return str(answer["Location"])


def rows() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (RulebookDraft, RulebookImpact, RulebookVersion, RulebookSignature, RulebookActivation)
    )


# --- reading --------------------------------------------------------------------------------------------------------


def test_everybody_reads_the_book_they_work_under(officer: Seat) -> None:
    for role in ("sales", "agent", "analyst", "system_admin"):
        page = Seat(role).get("/rulebook")
        for words in ("第 1 章 数据收集", "第 10 章 客户反馈和改进", "手机号", "不得", "个人信息保护法第六条"):
            assert words in page, (role, words)
        assert "起草新版" not in page and "下载 YAML" not in page and " style=" not in page
    assert "起草新版" in officer.get("/rulebook")


def test_the_book_says_rules_in_sentences_of_both_languages(officer: Seat) -> None:
    page = officer.get("/rulebook")
    assert "销售、销售主管在询价与商机跟进、客服与售后、企业客户合同与联系人管理用途下可以查看、搜索、排序、统计、登记和更正、联系不高于 3 级的信息，前提是本人负责或本团队负责或同组共有或有当天的任务；须逐次记录。" in page
    assert "自客户最后一次主动联系起保存 12 个月，到期删除" in page
    assert 'id="attributes-mobile"' in page and 'id="rules-sales-own"' in page and 'id="controls-log_keep"' in page
    officer.english()
    english = officer.get("/rulebook")
    assert "Sales, Sales lead may see, search, sort, count, enter and correct, use to contact information up to grade 3" in english
    assert "kept for 12 months from the customer's own last contact, then erase" in english
    book = re.sub(r'(?s)^.*<div class="kx-cols kx-cols-side kx-book">', "", english)
    told = {text for text in re.findall("[\u4e00-\u9fff]{4,}", book)}
    # articles of law and names that the company wrote in Chinese alone stay; no sentence of ours does
    ours = {text for text in told if any(word in text for word in ("可以", "不得", "须", "必需用于", "起保存"))}
    assert not ours, ours


def test_every_entry_stands_on_the_page_once(officer: Seat) -> None:
    page = officer.get("/rulebook")
    anchors = re.findall(r'<article class="kx-entry" id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors)) > 200
    tree = editing.plain(RETAIL)
    for section in ("attributes", "purposes", "roles", "retention", "recipients", "pias", "training"):
        assert {f"{section}-{key}" for key in tree[section]} <= set(anchors)


def test_history_bytes_and_differences(officer: Seat, head: Seat) -> None:
    changed = editing.put(editing.put(RETAIL, ("rules", "sales-own", "grade_max"), 2), ("attributes", "salutation"), {"label": {"zh": "称呼"}, "category": "basic", "type": "short_text", "grade": 2, "purposes": {"presale": "optional"}})
    views.put_in_force(changed)
    assert officer.client.get("/rulebook/versions/1/source.yaml").content == RETAIL
    assert officer.client.get("/rulebook/versions/2/source.yaml").content == changed
    page = officer.get("/rulebook/versions")
    assert "现行" in page and "已被取代" in page and "/rulebook/versions/2/source.yaml" in page
    found = officer.get("/rulebook/comparison?old=1&new=2")
    assert "销售可办理自己负责或同组共有的客户" in found and "最高级别" in found and "<del>3</del><ins>2</ins>" in found
    assert "两版的内容相同" in officer.get("/rulebook/comparison?old=2&new=2")
    for address in ("/rulebook/versions/9", "/rulebook/versions/99999999999999999999", "/rulebook/comparison?old=x&new=2", "/rulebook/versions/0/source.yaml"):
        officer.get(address, status=404)
    for role in ("sales", "system_admin"):
        other = Seat(role)
        for address in ("/rulebook/versions", "/rulebook/versions/1", "/rulebook/versions/1/source.yaml", "/rulebook/comparison?old=1&new=2", "/rulebook/data-use"):
            other.get(address, status=403)


# --- drafting -------------------------------------------------------------------------------------------------------


def test_an_entry_is_changed_and_nothing_else(officer: Seat) -> None:
    draft = draft_of(officer)
    assert "王敏 的草案" in officer.get(draft) and "还没有改动" in officer.get(draft)
    form = form_of(officer.get(f"{draft}/entries/rules/sales-own"))
    assert form["grade_max"] == ["3"] and form["when.relation"] == ["owner", "team", "record_team", "task"]
    officer.post(f"{draft}/entries/rules/sales-own", form | {"grade_max": "2"})
    held = bytes(RulebookDraft.objects.get().source)
    assert held == RETAIL.replace(
        b"grade_max: 3, when: {granted: [owner, team, record_team, task]}, obligations: [log]",
        b"grade_max: 2, when: {granted: [owner, team, record_team, task]}, obligations: [log]",
    )
    page = officer.get(f"{draft}?section=rules")
    assert "改过" in page and "没有错误" in page and "预览影响" in page
    officer.post(f"{draft}/reversals/rules/sales-own")
    assert bytes(RulebookDraft.objects.get().source) == RETAIL


def test_untouched_forms_of_every_kind_save_nothing(officer: Seat) -> None:
    draft = draft_of(officer)
    for place in (
        "attributes/mobile", "attributes/order_total", "attributes/decision_role" if b"decision_role" in RETAIL else "attributes/city", "purposes/presale", "rules/minors", "rules/consent-analytics",
        "roles/dpo", "retention/order_3y", "recipients/express", "pias/pia_pay", "training/privacy_basics", "controls", "company",
        "profile", "title", "sentences/refusal", "sharing/least", "reviews/access_review", "grades/3", "categories/basic", "sections/trade",
    ):  # fmt: skip
        form = form_of(officer.get(f"{draft}/entries/{place}"))
        officer.post(f"{draft}/entries/{place}", form)
        assert bytes(RulebookDraft.objects.get().source) == RETAIL, place


def test_nothing_typed_is_lost_on_an_error(officer: Seat) -> None:
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/entries/attributes/mobile"))
    sent = form | {"label.zh": "", "label.en": "Phone <b>", "source": "self, NOT A CODE", "article": "新依据"}
    answer = officer.post(f"{draft}/entries/attributes/mobile", sent, status=422)
    page = unescape(answer.content.decode())
    assert "您填写的都还在" in page and 'value="Phone <b>"' in page and "新依据" in page and "NOT" in page
    label = page[page.index('id="f-label"') : page.index('id="f-collect"')]
    assert "这里应为不空的文字" in label and re.search(r"第 \d+ 行", label)
    assert "这里应为一个代码" in page[page.index('id="f-source"') : page.index('id="f-owner"')]
    assert bytes(RulebookDraft.objects.get().source) == RETAIL
    officer.english()
    english = unescape(officer.post(f"{draft}/entries/attributes/mobile", sent, status=422).content.decode())
    assert "a text is expected here" in english and "All that you typed is still here" in english


def test_findings_of_the_check_stand_at_their_field(officer: Seat) -> None:
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/entries/attributes/id_no"))
    officer.post(f"{draft}/entries/attributes/id_no", form | {"necessity.zh": "", "necessity.en": "", "pia": "", "mask": "middle4"})
    page = officer.get(f"{draft}?section=attributes")
    assert "3 个错误" in page and "#f-necessity" in page and "改正后可以预览影响" in page
    entry = officer.get(f"{draft}/entries/attributes/id_no")
    assert "须写明 necessity" in entry[entry.index('id="f-necessity"') : entry.index('id="f-impact"')]
    assert "没有脱敏规则" in entry[entry.index('id="f-mask"') : entry.index('id="f-search"')]
    before = rows()
    officer.post(f"{draft}/impacts", status=422)
    assert rows() == before


def test_entries_are_added_and_removed(officer: Seat) -> None:
    draft = draft_of(officer)
    blank = form_of(officer.get(f"{draft}/additions/attributes"))
    fresh = blank | {
        "code": "loyalty_no", "label.zh": "会员号", "label.en": "Member number", "collect": "yes", "personal": "yes", "category": "basic", "type": "short_text",
        "grade": "2", "purposes.member": "necessary", "retention.member": "", "display": "full", "subjects": "person",
    }  # fmt: skip
    officer.post(f"{draft}/additions/attributes", blank, status=422)
    officer.post(f"{draft}/additions/attributes", fresh)
    one = editing.at(editing.plain(bytes(RulebookDraft.objects.get().source)), ("attributes", "loyalty_no"))
    assert one["label"] == {"zh": "会员号", "en": "Member number"} and one["purposes"] == {"member": "necessary"} and one["grade"] == 2
    assert "没有错误" in officer.get(f"{draft}?section=attributes")
    again = officer.post(f"{draft}/additions/attributes", fresh, status=409)
    assert "这个代码已经有了" in again.content.decode() and "会员号" in again.content.decode()
    page = officer.get(f"{draft}/entries/attributes/loyalty_no")
    officer.post(f"{draft}/removals/attributes/loyalty_no", {"seen": form_of(page)["seen"][0]})
    assert editing.same(editing.plain(bytes(RulebookDraft.objects.get().source)), editing.plain(RETAIL))
    officer.post(f"{draft}/additions/grades", {"code": "5"}, status=403)
    officer.get(f"{draft}/entries/attributes/nothing", status=404)
    officer.get(f"{draft}/entries/nothing/mobile", status=404)


def test_two_tabs_see_both_sides(officer: Seat) -> None:
    draft = draft_of(officer)
    one = form_of(officer.get(f"{draft}/entries/roles/sales"))
    officer.post(f"{draft}/entries/roles/sales", one | {"sees.zh": "第一个窗口写的"})
    answer = officer.post(f"{draft}/entries/roles/sales", one | {"sees.zh": "第二个窗口写的"}, status=409)
    page = unescape(answer.content.decode())
    assert "第一个窗口写的" in page and "第二个窗口写的" in page and "两个版本都在下面" in page
    assert "第一个窗口写的".encode() in bytes(RulebookDraft.objects.get().source)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen is not None
    officer.post(f"{draft}/entries/roles/sales", one | {"sees.zh": "第二个窗口写的", "seen": seen[1]})
    assert "第二个窗口写的".encode() in bytes(RulebookDraft.objects.get().source)


@pytest.mark.parametrize("role", ["sales", "auditor", "head", "system_admin", "dpo"])
def test_others_change_nothing_of_a_draft(officer: Seat, role: str) -> None:
    draft = draft_of(officer)
    form = form_of(officer.get(f"{draft}/entries/rules/sales-own"))
    form.pop("kx-standing")  # that of the officer; another's own page would carry its own
    other, before, held = Seat(role), rows(), bytes(RulebookDraft.objects.get().source)
    for address, data in (
        (f"{draft}/entries/rules/sales-own", form | {"grade_max": "1"}), (f"{draft}/additions/rules", form | {"code": "x"}),
        (f"{draft}/removals/rules/sales-own", {"seen": form["seen"]}), (f"{draft}/reversals/rules/sales-own", {}), (f"{draft}/end", {}),
        (f"{draft}/base", {}),
    ):  # fmt: skip
        other.post(address, data, status=403)
    assert rows() == before and bytes(RulebookDraft.objects.get().source) == held
    other.get(draft, status=403 if role in ("sales", "system_admin") else 200)


# --- the effect, and signing ----------------------------------------------------------------------------------------


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

