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
