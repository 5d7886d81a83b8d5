"""Chapter 7 客户关系管理: the daily work with customers (this issue: list, card, search, API)."""
