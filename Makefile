# Kexin 客信. `make help` lists the targets; every target does all its own set-up on a fresh machine.
# Needs: Python 3.11 or newer with venv, make. Nothing else is taken from the system.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= python3
PIP := $(PY) -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-full torture demo-reset docs front-end messages browser

## Everyday

help: ## this list
	@awk -F':.*## ' '/^## /{sub(/^## /,""); printf "\n%s\n", $$0} /^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: $(VENV)/installed-run front-end messages ## start Kexin with the demo company; Ctrl-C stops it
	@exec $(VENV)/bin/kexin run --demo

demo-reset: $(VENV)/installed-run ## throw the demo company away; `make run` makes a new one
	@$(VENV)/bin/kexin demo-reset

## Proving

test: $(VENV)/installed-dev front-end messages browser ## all tests; KEXIN_NO_BROWSER=1 leaves the browser journeys out
	@$(PY) -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow"

check: $(VENV)/installed-dev front-end messages ## style, types, arrows between rooms, house rules, translations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) tools/messages.py missing
	$(PY) -m pytest -q tests/house

torture: $(VENV)/installed-dev front-end messages browser ## the long forms of the tests; enforcement taken away must be noticed
	@$(PY) -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m "slow" --timeout 3600
	@KEXIN_SUITE=2 $(PY) -m pytest -q -n 2 --dist loadgroup -m "not slow" src/kexin/vault
	@KEXIN_SUITE=3 $(PY) -m pytest -q -n 2 --dist loadgroup -m "not slow" src/kexin/vault
	@$(PY) -m tests.mutations --processes 2

## Measuring

bench: $(VENV)/installed-dev front-end messages ## 100,000 people beside raw PostgreSQL in the same run; writes docs/benchmarks.md
	@$(PY) -m bench

bench-full: $(VENV)/installed-dev front-end messages ## the same with 1,000,000 people
	@$(PY) -m bench --people 1000000

## Writing

docs: $(VENV)/installed-dev ## docs/MAP.md from the doors as they are, docs/openapi.json from the API, docs/mutations.md
	$(PY) tools/house_map.py
	$(PY) tools/openapi.py
	$(PY) -m tests.mutations --page

# --- set-up, done by the targets above -------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Kexin needs Python 3.11 or newer with venv (Debian: apt install python3-venv). 客信需要带 venv 的 Python 3.11 以上" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; } # half of one would look whole to the next `make`

$(VENV)/installed-run: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing locked dependencies"
	@$(PIP) --require-hashes -r requirements/run.lock
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/installed-dev: requirements/dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing locked dependencies for tests"
	@$(PIP) --require-hashes -r requirements/dev.lock
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@ $(VENV)/installed-run

front-end: | $(VENV)/bin/python
	@$(PY) tools/frontend.py

messages: | $(VENV)/bin/python
	@$(PY) tools/messages.py compile

browser: | $(VENV)/bin/python
	@$(PY) tools/browser.py
	@test "$$KEXIN_NO_BROWSER" = 1 || $(PY) tools/frontend.py --tests
