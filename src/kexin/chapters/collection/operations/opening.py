"""Verbs before the first row is looked at: seal and read the file, match its columns, say where it came from."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.chapters.collection import queries
from kexin.chapters.collection.adapters import tables
from kexin.chapters.collection.adapters.findings import refusal
from kexin.chapters.collection.models import ColumnMemory, ImportRejection, ImportRun
from kexin.chapters.collection.rules import columns as rules
from kexin.chapters.collection.types import ColumnsRefused, Declaration, DeclarationRefused, Stage, WrongStage
from kexin.foundation import ids
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.vault import operations as vault
from kexin.vault.types import About

#: A file that nobody finishes importing is burned; a finished one is kept as long as its error file may be wanted.
KEEP = timedelta(days=30)
#: Uploads and proofs: whoever opens them brings customers in. What for is said later, and decided row by row.
BROUGHT_IN = About(permission=queries.IMPORT)
_OPEN = (Stage.OPENED, Stage.MAPPED, Stage.DECLARED, Stage.TRIED, Stage.STOPPED)


def open_import(
    caller: Caller, *, chunks: Iterable[bytes], name: str, max_rows: int = tables.WIZARD_ROWS, file: uuid.UUID | None = None
) -> uuid.UUID:
    """Seal a file, read it once in the child process, match its columns; answers the import's id.

    ``file``: it is sealed already (the upload handler did it) and ``chunks`` are not looked at. Raises FileRefused with
    the finding; a refused file is burned at once.
    """
    queries.require_importer(caller)
    if file is None:
        kept = vault.keep_file(
            caller, chunks=_bounded(chunks), kind="upload", name=name[:200] or "file", expires_at=now() + KEEP,
            about=BROUGHT_IN,
        )  # fmt: skip
        file = kept.id
    reading = tables.Reading(max_rows=max_rows, cpu_s=60 if max_rows <= tables.WIZARD_ROWS else 600)
    try:
        sheet = tables.look(queries.content(caller, file), reading=reading)
        if not rules.is_header(sheet.header):
            raise refusal("no_header", {})
        if not sheet.count:
            raise refusal("no_rows", {})
    except BaseException:
        vault.burn_file(caller, file=file)
        raise
    row = ImportRun(id=ids.uuid7(), opened_by=caller.id, opened_at=now(), file_id=file, max_rows=max_rows)
    _describe(caller, row, sheet)
    row.save(force_insert=True)
    return row.id


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > tables.MAX_FILE_BYTES:
            raise refusal("too_big", {"limit": tables.MAX_FILE_BYTES // 1024 // 1024})
        yield bytes(chunk)


def _describe(caller: Caller, row: ImportRun, sheet: tables.Sheet) -> None:
    """What the file is, and the columns as proposed by memory and by name."""
    row.file_kind = sheet.kind
    row.encoding, row.encoding_sure, row.delimiter = sheet.encoding, sheet.encoding_sure, sheet.delimiter
    row.sheet, row.rows, row.remarks = sheet.sheet[:64], sheet.count, [list(one) for one in sheet.remarks]
    row.headers, row.fingerprint = rules.shown(sheet.header), rules.fingerprint(sheet.header)
    memory = ColumnMemory.objects.filter(person=caller.id, fingerprint=row.fingerprint).first()
    row.remembered = memory is not None
    labels = {key: tuple(one.label.values()) for key, one in queries.catalogue().items()}
    row.mapping = rules.propose(sheet.header, labels, memory.mapping if memory else None)


def reread(caller: Caller, *, run: uuid.UUID, encoding: str = "", delimiter: str = "", sheet: str = "") -> None:
    """Read the file again with another encoding, delimiter or sheet, as a person chose."""
    with transaction.atomic():
        row = mine(caller, run, *_OPEN)
        if encoding not in queries.ENCODINGS or delimiter not in (*queries.DELIMITERS, ""):
            raise ColumnsRefused(_("没有这种编码或分隔符。"))
        reading = tables.Reading(encoding=encoding, delimiter=delimiter, sheet=sheet, max_rows=row.max_rows)
        _describe(caller, row, tables.look(queries.content(caller, row.file_id), reading=reading))
        row.stage = Stage.OPENED
        row.save()


def map_columns(caller: Caller, *, run: uuid.UUID, mapping: Mapping[int, str]) -> None:
    """Say which column is which attribute ("" = leave out). Remembered for files with the same headers."""
    known = queries.catalogue()
    with transaction.atomic():
        row = mine(caller, run, *_OPEN)
        chosen = [mapping.get(index, "") for index in range(len(row.headers))]
        wrong = [index for index, key in enumerate(chosen) if key and (key not in known or chosen.count(key) > 1)]
        if wrong:
            raise ColumnsRefused(
                _("同一项信息只能对应一列。"),
                errors=tuple({"field": f"column-{index}", "message": _("重复或不在目录中")} for index in wrong),
            )
        if not {"name", "org_name"} & set(chosen):
            raise ColumnsRefused(
                _("没有对应“姓名”或“企业名称”的列。"),
                remedy=_("请选出哪一列是姓名（或称呼、企业名称）。"),
                errors=({"field": "mapping", "message": _("请至少对应一列姓名或企业名称。")},),
            )
        row.mapping = chosen
        row.stage = Stage.DECLARED if row.purpose else Stage.MAPPED
        row.save()
        ColumnMemory.objects.update_or_create(
            person=caller.id,
            fingerprint=row.fingerprint,
            defaults={
                "mapping": {rules.plain(header): key for header, key in zip(row.headers, chosen, strict=True)},
                "at": now(),
            },
        )


def declare(caller: Caller, *, run: uuid.UUID, declaration: Declaration) -> None:
    """Say where the file came from, what for, on which basis (``unproven`` = 来源或凭证不明), with which proof."""
    choices = queries.choices(caller)
    errors: list[dict[str, Any]] = []
    sources = [one.code for one in choices.sources]
    if declaration.source not in sources:
        errors.append({"field": "source", "message": _("请选择来源。"), "choices": sources})
    if not declaration.label.strip():
        errors.append({"field": "label", "message": _("请写明是哪一次收集，例如“2026 杭州秋季家博会”。")})
    purposes = [one.code for one in choices.purposes]
    bases = [one.code for one in choices.bases(declaration.purpose)] if declaration.purpose in purposes else []
    if declaration.purpose not in purposes:
        errors.append({"field": "purpose", "message": _("请选择您的岗位可以写入的用途。"), "choices": purposes})
    elif declaration.basis not in bases:
        sentence = _("这个用途不能用这种合法性基础；没有凭证时选“来源或凭证不明”。")
        errors.append({"field": "basis", "message": sentence, "choices": bases})
    if errors:
        # The codes are for the shell, where nothing can be picked from a list.
        remedy = "; ".join(f"--{one['field']}: {', '.join(one.get('choices', ()))}" for one in errors if "choices" in one)
        raise DeclarationRefused(errors[0]["message"], remedy=remedy, errors=tuple(errors))
    with transaction.atomic():
        row = mine(caller, run, *_OPEN)
        row.source, row.label = declaration.source, declaration.label.strip()[:120]
        row.purpose, row.basis = declaration.purpose, declaration.basis
        row.proof_file = declaration.proof_file or row.proof_file
        row.stage = Stage.DECLARED
        row.save()


def mine(caller: Caller, run: uuid.UUID, *stages: Stage) -> ImportRun:
    """The caller's own import, locked, at one of these steps. Once rows are in, what they came by is fixed."""
    queries.require_importer(caller)
    row = queries.row_of(caller, run, lock=True)
    if stages and Stage(row.stage) not in stages:
        raise WrongStage
    if row.written and Stage.DECLARED in stages:
        raise WrongStage(_("已有行写入，不能再改对应列和来源。"))
    if row.stage in (Stage.TRIED, Stage.STOPPED) and Stage.DECLARED in stages:
        ImportRejection.objects.filter(run=row).delete()
    return row
