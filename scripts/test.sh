#!/usr/bin/env bash
# Everything that must hold before a change lands.
set -euo pipefail
cd "$(dirname "$0")/.."
py=.venv/bin/python
step() { printf '\n== %s\n' "$*"; }

step format and lint
.venv/bin/ruff format --check .
.venv/bin/ruff check .
step types
.venv/bin/mypy
step import contracts
.venv/bin/lint-imports
step generated pages
$py -m tidegate.app.config.reference | diff -u docs/config.md -
step unit tests, without network
$py -m pytest -q tests/unit -n 2
step the wheel, as an embedder installs it
scripts/test_wheel.sh
step integration tests, against real servers
$py -m pytest -q tests/integration --durations=15
