"""Limits of the operating system that a load can meet."""

import resource
from contextlib import suppress

OPEN_FILES = 65_536
RESERVE = 200
"""Files that the harness and the servers hold besides connections."""


def raise_open_files() -> None:
    """Let this process, and the servers it starts, have as many files open as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # only root may raise the hard limit, and in a container not even root
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, max(hard, OPEN_FILES)))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections() -> int:
    """How many connections one process can hold under the limit in force."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft - RESERVE
