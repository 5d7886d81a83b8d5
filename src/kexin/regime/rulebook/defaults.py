"""The rulebooks that ship with the product, by key. Entry points of the group `kexin.rulebooks` may add more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources

from kexin.regime.rulebook.drafts import drafts
from kexin.regime.rulebook.parser import parse
from kexin.regime.types import Text
from kexin.regime.types.defaults import DefaultRulebook

GROUP = "kexin.rulebooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """Where one rulebook lies: ``package`` holds ``key``.yaml and assessments/``key``.yaml."""

    key: str
    label: Text
    for_whom: Text
    package: str = "kexin.regime.data"

    def source(self) -> bytes:
        """The exact bytes of the rulebook."""
        return resources.files(self.package).joinpath(f"{self.key}.yaml").read_bytes()

    def load(self) -> DefaultRulebook:
        """Rulebook and drafts, read strictly."""
        source = self.source()
        book = parse(source).rulebook
        beside = resources.files(self.package).joinpath("assessments").joinpath(f"{self.key}.yaml").read_bytes()
        assessments, form = drafts(beside, rulebook=book)
        return DefaultRulebook(
            key=self.key,
            label=self.label,
            for_whom=self.for_whom,
            size=book.profile.size,
            source=source,
            assessments=assessments,
            form=form,
        )


BUILTIN = (
    Shipped(
        key="retail",
        label={"zh": "零售", "en": "Retail"},
        for_whom={
            "zh": "面向个人消费者的企业：门店、电商、定制，会员、储值与售后",
            "en": "Firms that sell to consumers: shops, online, made to measure; members, stored value, after-sales",
        },
    ),
    Shipped(
        key="b2b",
        label={"zh": "企业客户（B2B）", "en": "Business customers (B2B)"},
        for_whom={
            "zh": "面向企业客户：合同、联系人、授信与维保；联系人和个体工商户按个人保护",
            "en": "Firms that sell to firms: contracts, contacts, credit, maintenance; contacts and sole traders are persons",
        },
    ),
    Shipped(
        key="small",
        label={"zh": "小型个人信息处理者（不满 10 万人）", "en": "Small firm (fewer than 100,000 persons)"},
        for_whom={
            "zh": "处理个人信息不满 10 万人的小店和小公司：少收、少岗位，一人可签署（放宽 24 小时后生效）",
            "en": "Shops and firms with fewer than 100,000 persons: less collected, fewer posts, one signer (loosening waits 24 h)",
        },
    ),
)


@cache
def shipped() -> Mapping[str, Shipped]:
    """All of them by key. The built-in ones are always there; an entry point may add a key, never replace one."""
    found = {one.key: one for one in BUILTIN}
    for point in metadata.entry_points(group=GROUP):
        loaded = point.load()
        for one in loaded if isinstance(loaded, tuple) else (loaded,):
            found.setdefault(one.key, one)
    return found


@cache
def default(key: str) -> DefaultRulebook:
    """One of them, read once. KeyError names an unknown one."""
    return shipped()[key].load()
