"""Chapter 1, 数据收集: how customer information comes in. In this issue: files."""
