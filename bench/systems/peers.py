"""Where the scripts of the peers lie, and the installation of those from npm."""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"
NODE = PEERS / "node"
INSTALL_TIMEOUT_S = 600.0
OLDEST_NODE = 20
"""What the pinned smtp-server, nodemailer and Haraka ask for."""


def cache_folder() -> Path:
    """Where peers are installed: outside the checkout, one folder for each set of versions."""
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    content = b"".join(file.read_bytes() for file in sorted(NODE.rglob("*")) if file.is_file())
    return base / "tidegate-bench" / hashlib.sha256(content).hexdigest()[:16]


@cache
def install() -> str | None:
    """Install the npm peers, unless they are there; returns why that is not possible, or None.

    Install scripts are not run: none of the packages needs its own.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node.js and npm are not installed"
    if node_major(node_version()) < OLDEST_NODE:
        return f"Node.js {node_version()} is older than {OLDEST_NODE}"
    folder = cache_folder()
    if (folder / "installed").exists():
        return None
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(NODE, folder)
    argv = [npm, "ci", "--ignore-scripts", "--omit=dev", "--omit=optional", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"npm ci did not finish within {INSTALL_TIMEOUT_S:.0f} s"
    if done.returncode != 0:
        return f"npm ci failed: {done.stderr.strip()[-300:]}"
    (folder / "installed").touch()
    return None


@cache
def node_version() -> str:
    """What ``node --version`` says, without the v."""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip().removeprefix("v")


def node_major(version: str) -> int:
    """``20.1.2`` → 20."""
    return int(version.split(".", 1)[0])
