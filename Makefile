# Each target is one command on a fresh Debian 12: what it needs, it installs.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.stamp

.PHONY: run test lint unit integration bench bench-quick venv services docs clean
.DEFAULT_GOAL := test

venv: $(STAMP)

$(STAMP): pyproject.toml scripts/venv.sh
	scripts/venv.sh $(VENV)
	@touch $@

services:  ## the real servers that the integration tests and benchmarks talk to
	scripts/services.sh

run: $(STAMP)  ## the server on the embedded queue, ready for a first mail
	scripts/run.sh

lint: $(STAMP)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

unit: $(STAMP)
	$(PY) -m pytest -q tests/unit -n 2

integration: $(STAMP) services
	$(PY) -m pytest -q tests/integration

test: $(STAMP) services
	scripts/test.sh

bench: $(STAMP) services
	$(PY) -m bench

bench-quick: $(STAMP) services
	$(PY) -m bench --quick

docs: $(STAMP)  ## what is made from tables in the code, and the names of tests in docs/threats.md
	$(PY) -m tidegate.app.config.reference > docs/config.md
	$(PY) -m tests.threats --write

clean:
	rm -rf $(VENV) var dist build
