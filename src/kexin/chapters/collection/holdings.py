"""What chapter 1 holds on a person: nothing of its own. Files are the vault's; here are row numbers and reasons."""

from __future__ import annotations

from kexin.foundation.holding import impersonal
from kexin.regime import operations as regime

IMPERSONAL = impersonal(
    ("collection.ImportRun", "collection.ImportBatch", "collection.ImportRejection", "collection.ColumnMemory"),
    reason="导入的进度、行号和原因代码，以及列名与目录的对应；文件本身封存在保险库，不含客户的值",
)


def register() -> None:
    """Sign for this room's tables."""
    regime.register_holding(IMPERSONAL)
