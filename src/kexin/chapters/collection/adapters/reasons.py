"""Why a row is not written and what to do about it, in the reader's language, from codes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from kexin.regime.semantic import Invalid, normalise_for
from kexin.regime.semantic.errors import MESSAGES
from kexin.regime.types import AttributeDef

_REASONS: Mapping[str, tuple[str, str]] = {
    "lost_digits": (
        noop("表格程序已把长号码变成小数，末几位已丢失"),
        noop("在原始系统按“文本”重新导出这一列；丢失的数字无法恢复"),
    ),
    "cell_error": (noop("单元格是公式错误（如 #N/A）"), noop("改正公式，或把这一格清空")),
    "formula_empty": (noop("公式没有保存计算结果"), noop("用 Excel 打开并保存一次，或改填结果")),
    "cells_beyond": (noop("这一行比列名多出内容"), noop("检查是否多了一个分隔符，删去多出的格")),
    "cell_long": (noop("一格超过 10,000 字"), noop("缩短内容")),
    "date_serial": (noop("日期成了数字序号"), noop("把这一列设为日期或文本，写成 2025-03-09")),
    "required": (noop("缺少必填内容"), noop("填写姓名或称呼")),
    "repeated": (noop("与同一文件第 %(row)s 行重复"), noop("保留一行")),
    "known": (noop("可能已是客户：有完全相同的联系方式"), noop("确认是同一人时不必导入；确为两人时勾选一并写入")),
    "under14": (noop("年龄不满十四周岁，没有监护人同意"), noop("改由监护人登记")),
    "refused": (noop("制度不允许以这个用途写入这一项"), noop("不导入这一列，或改选用途")),
    "not_bound": (noop("这个用途不需要这一项"), noop("不导入这一列，或改选用途")),
    "not_collected": (noop("目录写明不收集这一项"), noop("不导入这一列")),
    "unknown": (noop("目录里没有这一项"), noop("不导入这一列")),
    "kind": (noop("这一项不适用于这类客户"), noop("不导入这一列，或把企业与个人分成两个文件")),
}


def reason(
    code: str, *, other_row: int | None, label: str, definition: AttributeDef | None = None, value: str = ""
) -> tuple[str, str]:
    """The sentence of a code and what to do. Sentences of semantic types already say how to mend the value; the numbers
    in them (少 3 位) are found again from the cell, because no row of the import keeps anything of a value."""
    if code in _REASONS:
        text, remedy = _REASONS[code]
        said = _(text) % {"row": other_row or ""} if "%(" in text else _(text)
        return (f"{label}：{said}" if label else said), _(remedy)
    pair = MESSAGES.get(code)
    if pair is None:
        return (f"{label}：" if label else "") + _("内容不符合目录的要求"), _("请核对后再上传")
    said = _told(code, definition, value) or _without_numbers(pair[1] if _english() else pair[0])
    head, _mark, tail = said.partition(", " if _english() else "，")
    return (f"{label}：{head}" if label else head), tail or _("请核对后再上传")


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _told(code: str, definition: AttributeDef | None, value: str) -> str:
    """The whole sentence, numbers included; "" when the cell is refused for another reason by now."""
    if definition is None or not value:
        return ""
    try:
        normalise_for(definition, value)
    except Invalid as error:
        return error.text("en" if _english() else "zh") if error.key == code else ""
    return ""


def _without_numbers(sentence: str) -> str:
    return re.sub(r" ?\{\w+\} ?", "", sentence)
