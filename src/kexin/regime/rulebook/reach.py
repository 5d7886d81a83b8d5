"""Rules under check: what they name, whether they compile, whether they reach anything, whether they lock people out."""

from __future__ import annotations

from collections.abc import Iterator

from kexin.regime.rulebook.checking import Checking, errors
from kexin.regime.types import Action, Effect, Rulebook, RuleDef

PUBLISH = "regime:rulebook:publish"
SIGN = "regime:rulebook:sign"
READ = "regime:rulebook:read"


def rules(checking: Checking) -> None:
    rulebook = checking.rulebook
    principals = frozenset(rulebook.roles) | {"everyone"}
    for rule in rulebook.rules:
        here = f"rules.{rule.id}"
        checking.known(here, rule.roles or (), principals, ("岗位", "role"))
        checking.known(here, rule.purposes or (), rulebook.purposes, ("目的", "purpose"))
        checking.known(here, rule.attributes or (), rulebook.attributes, ("信息项", "attribute"))
        checking.known(here, rule.categories or (), rulebook.categories, ("类别", "category"))
        if rule.grade_min > rule.grade_max:
            checking.add(
                "error",
                "grades",
                here,
                ("grade_min 大于 grade_max", "grade_min is above grade_max"),
                ("对调或改正", "swap or correct them"),
            )
        if not rule.article:
            checking.add(
                "warning",
                "no_article",
                here,
                ("没有写依据条款", "names no article of law"),
                ("补 article:", "add article:"),
            )
        if (
            rule.effect is Effect.PERMIT
            and not rule.masked
            and rule.grade_max == 4
            and Action.READ in (rule.actions or ())
            and not {obligation.kind.value for obligation in rule.obligations} & {"reason", "ticket", "approve"}
        ):
            checking.add(
                "warning",
                "grade4_bare",
                here,
                ("4 级信息可完整查看而不须说明原因", "grade 4 in full without a reason"),
                ("加 obligations: [reason]", "add obligations: [reason]"),
            )


def locks(checking: Checking) -> None:
    """Nobody may publish themselves out of publishing."""
    roles = checking.rulebook.roles
    for permission, zh, en in ((PUBLISH, "起草发布", "publish"), (SIGN, "签署", "sign")):
        if not any(permission in role.permissions and role.kind == "staff" for role in roles.values()):
            checking.add(
                "error",
                "lock_out",
                "roles",
                (f"没有任何员工岗位可以{zh}制度，发布后再也改不了", f"no staff role could {en} a rulebook any more"),
                (f'给一个岗位加 permissions: ["{permission}"]', f"give a role the permission {permission}"),
            )


def compiles(checking: Checking) -> None:
    """Every condition becomes a tree; a shape that could not be asked of the database fails here, never at query time."""
    from kexin.regime.rules.bundle import compile_bundle, words_of
    from kexin.regime.rules.conditions import ConditionInvalid, parse

    words = words_of(checking.rulebook)
    for rule in checking.rulebook.rules:
        try:
            parse(rule.when, words)
        except ConditionInvalid as error:
            checking.add(
                "error",
                "condition",
                f"rules.{rule.id}.when",
                (f"条件不能执行（{error.path}）：{error.detail}", f"{error.path}: {error.detail}"),
                (f"可写：{error.remedy}" if error.remedy else "", error.remedy),
            )
    if not errors(checking.findings):
        compile_bundle(checking.rulebook)


def reach(checking: Checking) -> None:
    """Rules that can never say anything, and rules that an unconditional forbid silences."""
    rulebook = checking.rulebook
    always = [rule for rule in rulebook.rules if rule.effect is Effect.FORBID and rule.when is None]
    for rule in rulebook.rules:
        reached = set(_cells(rulebook, rule))
        here = f"rules.{rule.id}"
        refuses_by_name = (
            rule.effect is Effect.FORBID
            and rule.attributes
            and not any(rulebook.attributes[key].collect for key in rule.attributes if key in rulebook.attributes)
        )
        if not reached and not refuses_by_name:
            checking.add(
                "warning",
                "dead_rule",
                here,
                ("这条规则管不到任何信息（目的与信息没有绑定，或列表为空）", "this rule reaches nothing"),
                ("删去，或补上岗位、目的、信息", "remove it, or widen it"),
            )
        elif rule.effect is Effect.PERMIT:
            for forbid in always:
                if (
                    forbid.roles is None or "everyone" in forbid.roles or set(rule.roles or ()) <= set(forbid.roles)
                ) and reached <= set(_cells(rulebook, forbid)):
                    checking.add(
                        "warning",
                        "shadowed_rule",
                        here,
                        (f"被禁止规则 {forbid.id} 完全盖住", f"fully silenced by {forbid.id}"),
                        ("删去其中一条", "remove one of them"),
                    )


def _cells(rulebook: Rulebook, rule: RuleDef) -> Iterator[tuple[str, str, str]]:
    """(purpose, action, attribute) that a rule speaks about; roles aside, empty roles reach nothing."""
    if rule.roles == () or rule.subject_kinds == ():
        return
    for key, attribute in rulebook.attributes.items():
        covered = (
            (rule.attributes is None or key in rule.attributes)
            and (rule.categories is None or attribute.category in rule.categories)
            and rule.grade_min <= attribute.grade <= rule.grade_max
        )
        if covered:
            for purpose in attribute.purposes:
                if (
                    rule.purposes is None
                    or purpose in rule.purposes
                    or set(rulebook.ancestry(purpose)) & set(rule.purposes if rule.effect is Effect.FORBID else ())
                ):
                    yield from (
                        (purpose, action.value, key)
                        for action in (rule.actions if rule.actions is not None else Action)
                    )
