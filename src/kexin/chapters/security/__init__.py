"""Chapter 3, 数据安全: watches the evidence. It may never ask the vault for anything."""
