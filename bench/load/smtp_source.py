"""Postfix's load generator ``smtp-source``, in C, so that the load costs little beside what is measured."""

import shutil
import subprocess
import time
from pathlib import Path

from bench.messages import RECIPIENT, SENDER

TIMEOUT_S = 300.0
CONNECT_TRIES = "20"
EMPTY_LINE = b"\r\n\r\n"


class LoadError(Exception):
    """The load did not go through as ordered; the text is what ``smtp-source`` said."""


def path() -> str | None:
    """Where the program is; None when Postfix is not installed."""
    return shutil.which("smtp-source", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def write_payload(file: Path, message: bytes) -> None:
    """Put ``message`` where :func:`run` finds it: lines end with LF there, ``smtp-source`` makes them CRLF and doubles dots.

    It also ends every message with an empty line of its own: ``message`` must have one there, and the file goes without.
    """
    assert message.endswith(EMPTY_LINE)
    file.write_bytes(message[:-2].replace(b"\r\n", b"\n"))


def run(port: int, payload: Path, messages: int, sessions: int, recipients: int = 1, *, keep_alive: bool) -> float:
    """Send ``messages`` copies of ``payload`` over ``sessions`` parallel sessions.

    Returns:
        Seconds it took. Every message was acknowledged with 250.

    Raises:
        LoadError: any reply was not the expected one, or it took too long.
    """
    program = path()
    if program is None:
        raise LoadError("smtp-source is not installed (apt-get install postfix, or make services)")
    argv = [program, "-s", str(min(sessions, messages)), "-m", str(messages), "-r", str(recipients), "-C", CONNECT_TRIES]
    argv += ["-M", "bench.example.org", "-f", SENDER, "-t", RECIPIENT, "-F", str(payload)]
    argv += ["-d"] if keep_alive else []
    began = time.perf_counter()
    try:
        done = subprocess.run([*argv, f"127.0.0.1:{port}"], capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise LoadError(f"smtp-source did not finish within {TIMEOUT_S:.0f} s") from error
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise LoadError(f"smtp-source: {done.stderr.decode(errors='replace')[-500:].strip()}")
    return seconds
