"""Chapter 6 客户隐私保护: what a person may ask of the company (this issue: deletion and its certificate)."""
