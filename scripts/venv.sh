#!/usr/bin/env bash
# Makes the virtual environment $1 with the project, editable, and all its development tools.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Installing Python 3 with venv (apt)…"
  root apt-get update -qq
  root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >/dev/null
  python=$(command -v python3)
fi
"$python" -c 'import sys; sys.exit("Tidegate needs Python 3.11 or newer, found " + sys.version) if sys.version_info < (3, 11) else None'
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
echo "Installing Tidegate and its development tools into $venv…"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[app,aiosmtpd]' --group test --group lint
