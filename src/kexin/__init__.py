"""Kexin (客信): a customer information management regime that runs itself."""
