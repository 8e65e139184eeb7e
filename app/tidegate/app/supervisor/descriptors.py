"""File descriptors: each connection needs one, and the system's usual limit of 1,024 is soon reached."""

import resource

SPARE = 128
"""Descriptors that a worker needs beside connections: listening sockets, broker, folder queue, logs, name servers."""


def raise_limit() -> int:
    """Raise this process's limit of open files to what the system allows; returns what it is now. Forked workers inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def too_few(limit: int, connections: int | None) -> str | None:
    """What to tell the operator when a worker cannot hold as many connections as are configured; None when it can."""
    if connections is None or limit >= connections + SPARE:
        return None
    return (
        f"the system allows {limit} open files for a process, {connections} connections need {connections + SPARE}: "
        "clients will wait although smtp-connections would let them in (LimitNOFILE= in the systemd unit, or ulimit -n)"
    )
