"""What a configuration needs is imported before rights are given up."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from tidegate.app.config import load
from tidegate.app.preloading import preload
preload(load(sys.argv[2:], {}).settings)
print(sys.argv[1] in sys.modules)
"""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("sqlite3", []),
        ("asyncpg", ["--database-address=postgresql://u:p@db.example.com/x"]),
        ("dkim", ["--smtp-check=dkim"]),
        ("alembic", []),
    ],
)
def test_needed_modules_are_there(module: str, arguments: list[str]) -> None:
    """A worker that may not read the installation finds them loaded."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, module, *arguments], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"


FORKING = """
import gc, os, sys
from tidegate.app.config import load
from tidegate.app.preloading import preload
preload(load([], {}).settings)
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
gc.collect()
with open("/proc/self/smaps_rollup") as lines:
    kib = {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith("kB\\n")}
print(kib["Private_Dirty:"] * 4 < kib["Rss:"])
"""


def test_workers_share_what_was_loaded() -> None:
    """A collection in a worker does not give it a copy of its own of every page with objects on it."""
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"
