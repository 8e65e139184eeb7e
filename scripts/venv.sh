#!/usr/bin/env bash
# Makes the virtual environment $1 with the project, editable, and all its development tools.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

usable() { [ -n "$1" ] && "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The system's own Python first: distributions build it with profile-guided optimisation, which a Python that was compiled by hand often lacks. The
# server needs a sixth less CPU on it. PYTHON names another one.
python=${PYTHON:-/usr/bin/python3}
usable "$python" || python=$(command -v "${PYTHON:-python3}" || true)
if ! usable "$python"; then
  echo "Installing Python 3 with venv (apt)…"
  root apt-get update -qq
  root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >/dev/null
  python=/usr/bin/python3
fi
usable "$python" || { echo "Tidegate needs Python 3.11 or newer with venv; $python is $("$python" --version 2>&1)" >&2; exit 1; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
echo "Installing Tidegate and its development tools into $venv…"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[app,aiosmtpd]' --group test --group lint
