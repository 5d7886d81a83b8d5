"""Whether the same person stood earlier in the file, in memory of a fixed size that is known before the first row."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Mapping

_CONTACTS = ("mobile", "email", "wechat_id", "landline", "uscc", "address")
#: Attributes that tell people of one file apart.
IDENTITY = frozenset({"name", "org_name", *_CONTACTS})


class Seen:
    """Keyed 64-bit marks in open addressing: 24 bytes for each row of the file, whatever the rows hold. The key lives
    and dies with this object, so the marks say nothing to anybody else."""

    def __init__(self, rows: int) -> None:
        self._size = max(64, 2 * rows + 1)
        self._marks = array("Q", bytes(8 * self._size))
        self._rows = array("I", bytes(4 * self._size))
        self._key = os.urandom(16)

    def first(self, values: Mapping[str, str], row: int) -> int:
        """The earlier row with the same name and the same contact, 0 when this is the first (it is kept then)."""
        contact = next((values[key] for key in _CONTACTS if values.get(key)), "")
        if not contact:
            return 0
        text = f"{values.get('name', '')}\x1f{values.get('org_name', '')}\x1f{contact}".casefold()
        mark = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=self._key).digest(), "big") or 1
        place = mark % self._size
        while self._marks[place]:
            if self._marks[place] == mark:
                return int(self._rows[place])
            place = (place + 1) % self._size
        self._marks[place], self._rows[place] = mark, row
        return 0
