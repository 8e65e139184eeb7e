#!/usr/bin/env bash
# Runs the server from this checkout: loopback only, embedded queue under ./var, port 2525 (TIDEGATE_SMTP_PORT changes it).
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/tidegate serve --config-file examples/first-run.txt
