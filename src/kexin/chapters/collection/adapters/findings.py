"""The sentences behind a finding: what the file is, and what to do so that it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from kexin.chapters.collection.types import FileRefused, Remark

_RESAVE = noop("请用 Excel 或 WPS 打开确认内容，另存为“Excel 工作簿（.xlsx）”后再上传。")
_EXPORT = noop("请联系文件的提供者，确认来历后重新导出一份。")
_SPLIT = noop("请按行拆成几个文件，或请系统管理员用命令 kexin import 导入 CSV。")

FINDINGS: Mapping[str, tuple[str, str]] = {
    "empty_file": (noop("文件是空的。"), noop("请确认选对了文件。")),
    "interrupted": (
        noop("处理中途停止，已写入的行都完整保留。"),
        noop("请点“继续导入”；仍然停止时请联系系统管理员。"),
    ),
    "file-rights": (
        noop("处理中途停止：您的岗位或权限有变化。已写入的行都完整保留。"),
        noop("请重新登录后点“继续导入”；不再负责导入时请交给客户数据管理员。"),
    ),
    "no_rows": (noop("文件里没有任何一行内容。"), noop("请确认选对了文件；隐藏的工作表不会读取，需要时先取消隐藏。")),
    "no_header": (noop("第一行不像列名。"), noop("请在第一行写上列名，例如：姓名、手机号、城市。")),
    "not_a_table": (noop("这不是表格文件。"), noop("可以上传 CSV 或 XLSX。")),
    "too_big": (noop("文件超过 %(limit)s MB。"), _SPLIT),
    "too_large": (noop("读取这个文件需要的内存超过上限。"), _SPLIT),
    "too_slow": (noop("读取这个文件超过时间上限。"), _SPLIT),
    "too_many_rows": (noop("文件超过 %(limit)s 行。"), _SPLIT),
    "too_many_columns": (noop("文件超过 %(limit)s 列。"), noop("请删去用不到的列后再上传。")),
    "reader_died": (noop("读取程序中途停止，文件可能已损坏或被特意构造。"), _RESAVE),
    "encoding_broken": (
        noop("第 %(line)s 行有按 %(encoding)s 读不出来的字符，文件可能混用了两种编码或被截断。"),
        noop("请用原程序重新导出，编码选 UTF-8；或在“识别”一步换一种编码。"),
    ),
    "big5": (noop("文件像是繁体 Big5 编码。"), noop("请用 Excel 另存为 XLSX，或把编码改为 UTF-8 后再上传。")),
    "nul_byte": (noop("第 %(line)s 行含有空字符（NUL）。"), noop("文件可能已损坏，请用原程序重新导出。")),
    "line_too_long": (noop("第 %(line)s 行超过一百万字。"), noop("请检查换行是否丢失，用原程序重新导出。")),
    "quote_open": (
        noop("从第 %(line)s 行开始的引号没有闭合。"),
        noop("请补上引号，或用 Excel 另存为 XLSX 后再上传。"),
    ),
    "quote_stray": (
        noop("第 %(line)s 行的引号后面还有内容。"),
        noop("内容里的引号须写成两个，或用 Excel 另存为 XLSX 后再上传。"),
    ),
    "old_xls": (noop("这是旧式 XLS 文件（扩展名可能已改）。"), _RESAVE),
    "html_table": (noop("这是网页或 XML 文件，只是扩展名写成了表格。"), _RESAVE),
    "encrypted": (noop("文件有打开密码。"), noop("请在 Excel 里去掉密码后另存，再上传；上传后内容会加密保存。")),
    "not_a_workbook": (noop("这是压缩包，不是 Excel 工作簿。"), noop("请先解压，上传里面的 CSV 或 XLSX。")),
    "nested_archive": (noop("工作簿里还装着压缩包。"), _EXPORT),
    "macros": (noop("文件带有宏。"), noop("请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。")),
    "external_links": (
        noop("文件引用了别的文件或外部数据。"),
        noop("请在 Excel 的“数据 → 编辑链接”里断开链接，另存后再上传。"),
    ),
    "embedded_objects": (noop("文件里嵌入了其他对象。"), noop("请删去嵌入的对象，另存后再上传。")),
    "dtd": (noop("文件内部含有实体定义，正常的工作簿没有。"), _EXPORT),
    "xml_encoding": (noop("文件内部使用了少见的编码。"), _RESAVE),
    "xlsx_damaged": (noop("工作簿已损坏或不完整。"), _RESAVE),
    "xlsx_entries": (noop("工作簿内部超过 %(limit)s 个部件。"), noop("请只保留需要的那一张工作表，另存后再上传。")),
    "xlsx_ratio": (noop("工作簿解压后超过原来的 %(limit)s 倍，像是压缩炸弹。"), _EXPORT),
    "xlsx_total": (noop("工作簿解压后超过 %(limit)s MB。"), _SPLIT),
    "xlsx_size_lie": (noop("工作簿内部写明的大小与实际不符。"), _EXPORT),
    "xlsx_overlap": (noop("工作簿内部的部件互相重叠，正常的文件不会这样。"), _EXPORT),
    "xlsx_disguised": (noop("工作簿前面还藏着别的内容。"), _EXPORT),
    "xlsx_names": (noop("工作簿内部的部件名称不正常。"), _EXPORT),
}

REMARKS: Mapping[str, str] = {
    "hidden_sheets": noop("有 %(count)s 张隐藏的工作表，没有读取。"),
    "hidden_rows": noop("有 %(count)s 处隐藏的行或列，也会读取；不需要的请先删去。"),
    "merged_cells": noop("有 %(count)s 处合并单元格，内容只算在左上角那一格。"),
    "formulas": noop("有 %(count)s 个公式单元格，按上次计算的结果读取。"),
}


def refusal(code: str, facts: Mapping[str, Any]) -> FileRefused:
    """The error of a finding in the reader's language. An unknown code is told as a damaged file."""
    text, remedy = FINDINGS.get(code, FINDINGS["reader_died"])
    return FileRefused(code, _(text) % facts, remedy=_(remedy))


def remark(code: str, count: int) -> Remark:
    """Something that people should know before they go on."""
    return Remark(code=code, text=_(REMARKS[code]) % {"count": f"{count:,}"})
