"""Programs for ``exec:///``, written for a test."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path


def judging(folder: Path, accounts: Mapping[str, str]) -> Path:
    """A program that knows accounts."""
    known = json.dumps(dict(accounts))
    return program(
        folder,
        f"import sys\nuser, password = (line.rstrip('\\n') for line in sys.stdin)\nsys.exit(0 if {known}.get(user) == password else 1)\n",
    )


def program(folder: Path, text: str, interpreter: str = f"{sys.executable} -I") -> Path:
    """A script, by default in Python."""
    path = folder / "login"
    path.write_text(f"#!{interpreter}\n{text}", "utf-8")
    path.chmod(0o755)
    return path
