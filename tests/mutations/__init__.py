"""Enforcement taken away on purpose: each listed edit must turn the tests named beside it red (`python -m tests.mutations`)."""
