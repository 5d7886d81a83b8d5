"""Measurements beside raw PostgreSQL and a minimal Django view in the same run. Run by `make bench`."""
