"""File descriptors: each connection needs one, and the system's usual limit of 1,024 is soon reached."""

import resource

from tidegate.domain.connection_budget import UNLIMITED

SPARE = 512
"""Descriptors that a worker may need beside connections, hardly ever all at once: 256 look-ups, the folders of 64 queues (three each), 64
files of a group that is being written; listening sockets, broker, back ends and logs take about twenty."""


def raise_limit() -> int:
    """Raise this process's limit of open files to what the system allows; returns what it is now. Forked workers inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def room(limit: int | None = None) -> int:
    """Connections that a process may hold with this limit of open files (None: its own), so that clients never keep it from writing mail."""
    if limit is None:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return UNLIMITED
    return max(limit - SPARE, limit // 4)


def too_few(limit: int, connections: int | None) -> str | None:
    """What to tell the operator when a worker cannot hold as many connections as are configured; None when it can."""
    if connections is None or limit == resource.RLIM_INFINITY or limit >= connections + SPARE:
        return None
    return (
        f"the system allows {limit} open files for a process, {connections} connections need {connections + SPARE}: "
        "clients will wait although smtp-connections would let them in (LimitNOFILE= in the systemd unit, or ulimit -n)"
    )
