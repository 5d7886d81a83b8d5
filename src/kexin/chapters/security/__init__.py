"""Chapter 3, data security: the evidence page, read without the vault."""
