"""Whether a rulebook that can be read can also be put in force: references, law, locks, dead rules, compilability."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kexin.regime import semantic
from kexin.regime.rulebook import assessed, reach
from kexin.regime.rulebook.checking import Checking, errors
from kexin.regime.rulebook.findings import Finding
from kexin.regime.rulebook.parser import Parsed
from kexin.regime.rulebook.reading import days
from kexin.regime.types import AttributeDef, Rulebook

__all__ = ["check", "errors"]

SMALL_LIMIT, SMALL_WARNING = 100_000, 90_000
LOG_FLOOR_DAYS = 180
#: How the shipped rulebooks mark the company that nobody has replaced yet.
SAMPLE = "（示例公司）"
#: Notices of GB/T 35273 C.4: never asked again within 48 hours.
ASK_FLOOR_DAYS = 2
_PERMISSION = re.compile(r"[a-z]+:[a-z]+:[a-z]+", re.ASCII)


def check(
    parsed: Parsed, *, persons: int = 0, extra: Iterable[Callable[[Rulebook], Iterable[Finding]]] = ()
) -> tuple[Finding, ...]:
    """All findings, errors first. ``persons`` is the number of natural persons held (small firms end at 100,000);
    ``extra`` are checks that need data (the vault says which combinations of facets single people out)."""
    checking = Checking(parsed)
    for part in (
        _company,
        _purposes,
        _roles,
        _attributes,
        reach.rules,
        _recipients,
        assessed.pias,
        _controls,
        reach.locks,
        reach.compiles,
        reach.reach,
    ):
        part(checking)
    checking.findings.extend(size_findings(parsed.rulebook, persons, place=parsed.marks.get("profile.size", (0, 0))))
    for other in extra:
        checking.findings.extend(other(parsed.rulebook))
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(checking.findings, key=lambda finding: (order[finding.level], finding.line, finding.key)))


def _company(checking: Checking) -> None:
    try:
        semantic.semantic_type("uscc").normalise(checking.rulebook.company.uscc)
    except semantic.Invalid as error:
        checking.add("error", "uscc", "company.uscc", (error.text("zh"), error.text("en")))
    if SAMPLE in checking.rulebook.company.name:
        checking.add(
            "note",
            "sample_company",
            "company.name",
            ("公司信息还是示例", "the company is still the sample"),
            ("换成贵公司的名称、代码、联系方式和负责人", "put in your own name, code, contact and officer"),
        )


def _purposes(checking: Checking) -> None:
    rulebook = checking.rulebook
    for key, purpose in rulebook.purposes.items():
        here = f"purposes.{key}"
        checking.known(here, [purpose.parent] if purpose.parent else [], rulebook.purposes, ("目的", "purpose"))
        checking.known(here, [purpose.owner], rulebook.roles, ("岗位", "role"))
        chain = rulebook.ancestry(key)
        if rulebook.purposes[chain[-1]].parent in chain:
            checking.add(
                "error",
                "cycle",
                here,
                ("目的的上级绕成了圈", "the parents of this purpose form a circle"),
                ("去掉其中一个 parent", "remove one parent"),
            )
        if not purpose.bases and not purpose.prohibited:
            checking.add(
                "error",
                "no_basis",
                here,
                ("没有合法性基础（个人信息保护法第十三条）", "no legal basis (PIPL 13)"),
                ("请补 basis: consent 等；不做的目的写 prohibited: true", "add basis:, or prohibited: true"),
            )
        if purpose.needs_consent and not purpose.consent_kind and not purpose.prohibited:
            checking.add(
                "error",
                "no_consent_kind",
                here,
                ("以同意为基础，但没有写同意种类", "stands on consent but names no kind of it"),
                ("如 consent: general；敏感信息用 separate", "such as consent: general, or separate"),
            )
        if key.startswith("mkt_") and not purpose.channel:
            checking.add(
                "error",
                "no_channel",
                here,
                ("营销目的须写明渠道", "a marketing purpose needs a channel"),
                ("如 channel: sms", "such as channel: sms"),
            )
        if purpose.pia and purpose.pia != "required" and purpose.pia not in rulebook.pias:
            checking.known(here, [purpose.pia], rulebook.pias, ("影响评估", "impact assessment"))
        _bilingual(checking, here, purpose.label)


def _bilingual(checking: Checking, key: str, label: Mapping[str, str]) -> None:
    if not label.get("en"):
        checking.add(
            "note", "no_english", key, ("没有英文名称，英文界面将显示中文", "no English label; Chinese will be shown")
        )


def _roles(checking: Checking) -> None:
    rulebook = checking.rulebook
    for key, role in rulebook.roles.items():
        here = f"roles.{key}"
        checking.known(here, role.purposes, rulebook.purposes, ("目的", "purpose"))
        checking.known(here, (*role.apart_from, *role.small_apart_from), rulebook.roles, ("岗位", "role"))
        for permission in role.permissions:
            if not _PERMISSION.fullmatch(permission):
                checking.add(
                    "error",
                    "permission",
                    here,
                    (f"权限写法不对：{permission}", f"not a permission: {permission}"),
                    ("应如 regime:rulebook:sign", "such as regime:rulebook:sign"),
                )


def _attributes(checking: Checking) -> None:
    rulebook = checking.rulebook
    for key, attribute in rulebook.attributes.items():
        here = f"attributes.{key}"
        checking.known(here, attribute.purposes, rulebook.purposes, ("目的", "purpose"))
        checking.known(here, [attribute.category], rulebook.categories, ("类别", "category"))
        checking.known(here, [attribute.type], semantic.registry(), ("语义类型", "semantic type"))
        checking.known(here, [attribute.section] if rulebook.sections else [], rulebook.sections, ("分组", "section"))
        checking.known(here, [attribute.owner], rulebook.roles, ("岗位", "role"))
        checking.known(here, [attribute.pia] if attribute.pia else [], rulebook.pias, ("影响评估", "impact assessment"))
        for purpose in attribute.purposes:
            if purpose not in attribute.retention:
                checking.add(
                    "error",
                    "no_retention",
                    f"{here}.retention",
                    (f"目的 {purpose} 没有保存期限", f"no retention for {purpose}"),
                    ("在属性或目的上补 retention", "add retention to the attribute or the purpose"),
                )
        own = [
            key for key in attribute.purposes if key not in rulebook.purposes or not rulebook.purposes[key].accessory
        ]
        if attribute.collect and not own:
            checking.add(
                "error",
                "no_purpose",
                here,
                ("收集的信息至少要有一个目的（个人信息保护法第六条）", "what is collected needs a purpose (PIPL 6)"),
                ("补 purposes，或写 collect: false", "add purposes, or collect: false"),
            )
        if attribute.type in semantic.registry():
            _storage(checking, here, attribute)
        if attribute.collect:
            assessed.sensitive(checking, here, attribute)


def _storage(checking: Checking, here: str, attribute: AttributeDef) -> None:
    kind = semantic.semantic_type(attribute.type)
    if attribute.mask not in kind.masks:
        checking.add(
            "error",
            "mask",
            here,
            (f"类型 {kind.key} 没有脱敏规则 {attribute.mask}", f"{kind.key} has no mask {attribute.mask}"),
            ("可选：" + "、".join(kind.masks), "one of: " + ", ".join(kind.masks)),
        )
    for plan in attribute.search:
        if plan not in kind.searches:
            checking.add(
                "error",
                "search",
                here,
                (f"类型 {kind.key} 不支持检索方式 {plan}", f"{kind.key} cannot be searched by {plan}"),
                ("可选：" + ("、".join(kind.searches) or "无"), "one of: " + (", ".join(kind.searches) or "none")),
            )
    if attribute.storage == "facet" and (attribute.grade > 2 or attribute.sensitive or kind.singles_out):
        checking.add(
            "error",
            "facet",
            here,
            (
                "能识别个人、敏感或 3 级以上的信息不能作公开分面",
                "no open facet for what identifies people, is sensitive or has grade 3–4",
            ),
            ("改为 storage: sealed", "use storage: sealed"),
        )
    if attribute.type == "choice" and not attribute.choices:
        checking.add(
            "error",
            "choices",
            here,
            ("选项类型没有写选项", "a choice without choices"),
            ("补 choices: {代码: 名称}", "add choices"),
        )
    if attribute.grade >= 3 and attribute.display == "full" and attribute.type != "person_name":
        checking.add(
            "warning",
            "display_full",
            here,
            ("3 级以上信息在列表上完整显示", "grade 3–4 is shown in full on lists"),
            ("一般应为 display: mask", "usually display: mask"),
        )


def _recipients(checking: Checking) -> None:
    rulebook = checking.rulebook
    for key, recipient in rulebook.recipients.items():
        here = f"recipients.{key}"
        checking.known(here, recipient.purposes, rulebook.purposes, ("目的", "purpose"))
        checking.known(here, recipient.attributes, rulebook.attributes, ("信息项", "attribute"))
        for attribute in recipient.attributes:
            bound = rulebook.attributes[attribute].purposes if attribute in rulebook.attributes else {}
            if not set(recipient.purposes) & set(bound):
                checking.add(
                    "error",
                    "recipient_unbound",
                    here,
                    (
                        f"{attribute} 没有绑定给这个接收方的目的",
                        f"{attribute} is not bound to this recipient's purposes",
                    ),
                    ("在属性的 purposes 补上，或从接收方删去", "add the purpose to the attribute, or drop it here"),
                )
        if recipient.country != "CN" and rulebook.prohibited("cross_border"):
            checking.add(
                "error",
                "abroad",
                here,
                ("境外接收方，但境外提供是禁止的", "a recipient abroad, while cross-border is prohibited"),
                ("先完成出境机制并放开 cross_border", "complete an export mechanism first"),
            )


def _controls(checking: Checking) -> None:
    controls = checking.rulebook.controls
    checking.known("controls.mfa_roles", controls.mfa_roles, checking.rulebook.roles, ("岗位", "role"))
    for key, gate in checking.rulebook.training.items():
        checking.known(f"training.{key}", gate.roles, checking.rulebook.roles, ("岗位", "role"))
    floors = (
        (
            "log_keep",
            controls.log_keep,
            LOG_FLOOR_DAYS,
            "网络安全法第二十三条：日志不少于六个月",
            "CSL 23: logs of six months at least",
        ),
        (
            "ask_again_after",
            controls.ask_again_after,
            ASK_FLOOR_DAYS,
            "拒绝后 48 小时内不得再问",
            "never ask again within 48 hours",
        ),
    )
    for key, value, floor, zh, en in floors:
        if days(value) < floor:
            checking.add(
                "error",
                "floor",
                f"controls.{key}",
                (f"低于下限：{zh}", f"below the floor: {en}"),
                (f"至少 P{floor}D", f"P{floor}D at least"),
            )


def size_findings(rulebook: Rulebook, persons: int, *, place: tuple[int, int] = (0, 0)) -> tuple[Finding, ...]:
    """小型个人信息处理者（不满十万人）: counted are persons, not rows and not staff. Warns from 90,000, refuses at 100,000."""
    if rulebook.profile.size != "small" or persons < SMALL_WARNING:
        return ()
    return (
        Finding(
            level="error" if persons >= SMALL_LIMIT else "warning",
            code="not_small",
            line=place[0],
            column=place[1],
            key="profile.size",
            problem=(
                f"已有 {persons:,} 人，小型处理者的简化措施只适用于不满 {SMALL_LIMIT:,} 人",
                f"{persons:,} people: the small profile ends at {SMALL_LIMIT:,}",
            ),
            remedy=(
                "改为 size: general，并换用零售或企业客户制度",
                "use size: general, with the retail or the B2B rulebook",
            ),
        ),
    )
