#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lint, types, import contracts, unit tests, the built wheel, integration tests.
set -euo pipefail
cd "$(dirname "$0")/.."
py=.venv/bin/python
step() { printf '\n== %s\n' "$*"; }
step format and lint; .venv/bin/ruff format --check . ; .venv/bin/ruff check .
step types; .venv/bin/mypy
step import contracts; .venv/bin/lint-imports
step unit tests; $py -m pytest -q tests/unit -n 2
step integration tests; $py -m pytest -q tests/integration
