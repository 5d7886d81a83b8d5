"""Assessments under check: what PIPL 55 wants assessed beforehand, and whether the rulebook's `pias` cover it."""

from __future__ import annotations

from kexin.regime.rulebook.checking import Checking
from kexin.regime.types import AttributeDef, Basis, Rulebook

#: Bases that come with an assessment of their own: separate consent (PIPL 23, 25, 29, 39) and entrusting (21).
_ASSESSED = frozenset({Basis.SEPARATE_CONSENT, Basis.WRITTEN_CONSENT, Basis.GUARDIAN_CONSENT, Basis.PARENT})


def strict(rulebook: Rulebook, attribute: AttributeDef) -> bool:
    """Whether this counts as sensitive under the profile in force: what the 2020 table alone lists does so by profile."""
    return attribute.sensitive or (attribute.careful and rulebook.profile.sensitivity == "35273-2020")


def own_purposes(rulebook: Rulebook, attribute: AttributeDef) -> tuple[str, ...]:
    """Purposes that an attribute is really processed for: neither accessory nor prohibited."""
    return tuple(
        key
        for key in attribute.purposes
        if key in rulebook.purposes and not rulebook.purposes[key].accessory and not rulebook.prohibited(key)
    )


def needed(rulebook: Rulebook) -> dict[str, str]:
    """What needs an assessment before it may begin (PIPL 55), by path: ``attributes.bank_card`` -> sensitive."""
    found: dict[str, str] = {}
    for key, attribute in rulebook.attributes.items():
        if attribute.collect and strict(rulebook, attribute):
            found[f"attributes.{key}"] = "sensitive"
        if attribute.collect and attribute.category == "derived" and attribute.grade >= 3:
            found |= {f"purposes.{purpose}": "automated" for purpose in own_purposes(rulebook, attribute)}
    for key, purpose in rulebook.purposes.items():
        if _ASSESSED & set(purpose.bases) and not rulebook.prohibited(key):
            found.setdefault(
                f"purposes.{key}", "entrust_provide_publish" if Basis.PARENT in purpose.bases else "sensitive"
            )
    for recipient in rulebook.recipients.values():
        found |= {f"purposes.{purpose}": "entrust_provide_publish" for purpose in recipient.purposes}
    return found


def sensitive(checking: Checking, here: str, attribute: AttributeDef) -> None:
    """PIPL 28–30: necessity and impact are told; the 2020 table's own items need the texts, not the lock."""
    is_strict = strict(checking.rulebook, attribute)
    for name, text in (("necessity", attribute.necessity), ("impact", attribute.impact)):
        if (is_strict or attribute.careful) and not text.get("zh"):
            checking.add(
                "error",
                f"no_{name}",
                here,
                (f"敏感信息须写明 {name}（个人信息保护法第三十条）", f"sensitive: {name} must be told (PIPL 30)"),
                (f"补 {name}: {{zh: …, en: …}}", f"add {name}:"),
            )
    if is_strict and attribute.grade < 4:
        checking.add(
            "error",
            "grade",
            here,
            ("敏感个人信息须为 4 级", "sensitive information has grade 4"),
            ("改为 grade: 4", "use grade: 4"),
        )
    if attribute.personal and attribute.mask == "none" and attribute.grade >= 3:
        checking.add(
            "error",
            "unmasked",
            here,
            ("3 级以上个人信息须有脱敏规则", "grade 3–4 needs a mask"),
            ("补 mask:", "add mask:"),
        )


def pias(checking: Checking) -> None:
    """Every assessment names what exists, everything that needs one has one, and each covers what leans on it."""
    rulebook = checking.rulebook
    for key, pia in rulebook.pias.items():
        checking.known(f"pias.{key}", pia.purposes, rulebook.purposes, ("目的", "purpose"))
        checking.known(f"pias.{key}", pia.attributes, rulebook.attributes, ("信息项", "attribute"))
        if pia.status == "draft":
            checking.add(
                "note",
                "pia_draft",
                f"pias.{key}",
                ("影响评估还是草稿，须在生效前批准", "this assessment is a draft; approve it before it counts"),
            )
    for path in needed(rulebook):
        kind, _, key = path.partition(".")
        named = rulebook.attributes[key].pia if kind == "attributes" else _named(rulebook, key)
        if not named:
            checking.add(
                "error",
                "no_pia",
                path,
                (
                    "须事前进行影响评估（个人信息保护法第五十五条）",
                    "an impact assessment is needed beforehand (PIPL 55)",
                ),
                ("补 pia:", "add pia:"),
            )
    _cover(checking)


def _named(rulebook: Rulebook, purpose: str) -> str:
    return rulebook.purposes[purpose].pia if purpose in rulebook.purposes else "unknown"


def _cover(checking: Checking) -> None:
    rulebook = checking.rulebook
    for key, purpose in rulebook.purposes.items():
        pia = rulebook.pias.get(purpose.pia)
        if pia is not None and key not in pia.purposes:
            _gap(checking, f"purposes.{key}", pia.key, key)
    for key, attribute in rulebook.attributes.items():
        pia = rulebook.pias.get(attribute.pia)
        if pia is None or not attribute.collect:
            continue
        missing = [purpose for purpose in own_purposes(rulebook, attribute) if purpose not in pia.purposes]
        for one in ([] if key in pia.attributes else [key]) + missing:
            _gap(checking, f"attributes.{key}", pia.key, one)


def _gap(checking: Checking, path: str, pia: str, missing: str) -> None:
    checking.add(
        "error",
        "pia_gap",
        path,
        (f"影响评估 {pia} 没有写到 {missing}", f"the assessment {pia} does not speak of {missing}"),
        (f"在 pias.{pia} 补上，并重新评估", f"add it to pias.{pia} and assess again"),
    )
