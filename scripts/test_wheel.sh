#!/usr/bin/env bash
# Builds the wheel and installs it into an empty environment: attrs must be its only dependency, and domain and ports must work with it alone.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work" .
.venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$work"/tidegate-*.whl
cd "$work"
status=0
said=$(venv/bin/tidegate --help 2>&1) || status=$?
[[ $status = 69 && $said = *"pip install 'tidegate[app]'" ]] || { echo "tidegate without its extras: $said"; exit 1; }
venv/bin/python - "$root" <<'PY'
import importlib.metadata, importlib.util, pathlib, pkgutil, re, runpy, sys

installed = sorted(d.name for d in importlib.metadata.distributions() if d.name not in ("pip", "setuptools"))
assert installed == ["attrs", "tidegate"], installed
import tidegate.domain, tidegate.ports

names = [m.name for p in (tidegate.domain, tidegate.ports) for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
for name in names:
    importlib.import_module(name)
from tidegate.domain.smtp.session import Session  # the README's promise

for block in re.findall(r"```python\n(.*?)```", pathlib.Path(sys.argv[1], "docs/embedding.md").read_text("utf-8"), re.DOTALL):
    exec(block, {})
runpy.run_path(str(pathlib.Path(sys.argv[1], "examples/embedded_service.py")))

for layer in ("domain", "ports", "adapters", "app"):
    spec = importlib.util.find_spec(f"tidegate.{layer}")
    assert spec is not None and spec.submodule_search_locations, layer
    assert importlib.util.find_spec(layer) is None, f"a top-level module called {layer} is installed"
print(f"{len(names)} modules of domain and ports import with attrs alone; distributions: {', '.join(installed)}")
PY
