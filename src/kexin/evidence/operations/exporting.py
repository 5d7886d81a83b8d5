"""The pack for an outsider: lines, hashes, heads and public keys in one zip file that `kexin-verify` judges alone."""

from __future__ import annotations

import base64
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils.translation import gettext as _

from kexin.evidence import keys, places, tiles, witnessing
from kexin.evidence.models import Checkpoint
from kexin.evidence.operations.noting import note
from kexin.evidence.rules import merkle
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Conflict, Invalid

PACK_FORMAT = "kexin-pack/1"
STEP = 4096
_README = """This pack is judged by kexin-verify (one Python file, no key needed):

    kexin-verify {name} --trust trust.json

trust.json should reach you by another way than this pack; the copy inside is for comparing.
pack.json says which lines are here; lines.jsonl holds them as they were stored, hashes.bin their leaf hashes,
checkpoint.txt the signed head of the tree, witness.txt the head that the witness signed.
It works offline. 核对不需要联网，也不需要任何密钥。
"""


class NothingSigned(Conflict):
    """The ledger has no signed head yet."""

    code = "evidence-empty"


def export_pack(
    caller: Caller, *, first: int | None = None, last: int | None = None, folder: Path | None = None
) -> Path:
    """Write the pack of lines ``first``..``last`` (as people count: from 1, both included; default all) to a file.

    The file goes to ``folder`` (default KEXIN_HOME/evidence/packs) and holds no personal data; its making is a line.
    """
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        raise NothingSigned(_("还没有已签名的存证，请稍候再试。"))
    low, end = (first or 1) - 1, min(last or newest.size, newest.size)
    if not 0 <= low < end:
        raise Invalid(_("没有这样的存证区间，请填写 1 到 %(size)s 之间的序号。") % {"size": newest.size})
    place = folder or keys.folder() / "packs"
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"kexin-evidence-{low + 1}-{end}-{_stamp(clock.now())}.zip"
    temporary = path.with_name(f".{uuid7()}")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            _write(archive, newest, low, end, path.name)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    note(caller, Entry(event=Event.EVIDENCE_EXPORTED, count=end - low))
    return path


def _stamp(at: datetime) -> str:
    return clock.cn(at).strftime("%Y%m%dT%H%M%S")


def _write(archive: zipfile.ZipFile, newest: Checkpoint, low: int, end: int, name: str) -> None:
    cosigned = places.mirror().last_note("cosigned") or ""
    seen = witnessing.check(cosigned) if cosigned else None
    if seen and seen.size > newest.size:
        raise Conflict(_("本库落后于外部留存，请先核对。"))
    with connections["default"].cursor() as cursor:
        nodes = tiles.Nodes(cursor)
        pack = {
            "format": PACK_FORMAT,
            "origin": keys.ring().origin,
            "first": low,
            "end": end,
            "size": newest.size,
            "left": [nodes(*node).hex() for node in merkle.left_nodes(low)],
            "right": [nodes(*node).hex() for node in merkle.right_nodes(end, newest.size)],
            "witness_path": [],
        }
        if seen and 0 < seen.size < newest.size:
            pack["witness_path"] = [value.hex() for value in merkle.consistency_path(nodes, seen.size, newest.size)]
        hashes = _write_lines(archive, cursor, low, end)
    archive.writestr("pack.json", json.dumps(pack, indent=1))
    archive.writestr("hashes.bin", hashes)
    archive.writestr("checkpoint.txt", newest.note)
    if cosigned:
        archive.writestr("witness.txt", cosigned)
    archive.writestr("trust.json", json.dumps(keys.trust(), indent=2))
    archive.writestr("README.txt", _README.format(name=name))


def _write_lines(archive: zipfile.ZipFile, cursor: Any, low: int, end: int) -> bytes:
    query = (
        "SELECT l.seq, l.hash, l.body, p.sealed FROM evidence_leaf l LEFT JOIN evidence_payload p USING (seq)"
        " WHERE l.seq >= %s AND l.seq < %s ORDER BY l.seq"
    )
    hashes = bytearray()
    with archive.open("lines.jsonl", "w", force_zip64=True) as out:
        for start in range(low, end, STEP):
            cursor.execute(query, (start, min(end, start + STEP)))
            for seq, value, body, sealed in cursor.fetchall():
                hashes += bytes(value)
                line: dict[str, Any] = {"seq": seq, "body": bytes(body).decode("utf-8")}
                if sealed is not None:
                    line["payload"] = base64.b64encode(bytes(sealed)).decode()
                out.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")
    return bytes(hashes)


