"""Loaded by `-p` before Django's settings: gives the test process a KEXIN_HOME of its own."""

from kexin.site import testing

INSTANCE = testing.enter()
