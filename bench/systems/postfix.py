"""Postfix's ``smtp-sink``: C, throws everything away; what a discarding server costs at least."""

import os
import shutil
import subprocess

from bench.systems.system import Launch, Sink, Site, System

SESSIONS = "30000"
BACKLOG = "1024"
UNPRIVILEGED = "nobody"


def _path() -> str | None:
    return shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def _launch(site: Site, port: int) -> Launch:
    user = ["-u", UNPRIVILEGED] if os.geteuid() == 0 else []  # it insists on one when started by root
    return Launch([_path() or "smtp-sink", *user, "-m", SESSIONS, f"127.0.0.1:{port}", BACKLOG])


def _missing() -> str | None:
    return None if _path() else "smtp-sink is not installed (apt-get install postfix, or make services)"


def _version() -> str:
    program = shutil.which("postconf", path="/usr/sbin:/usr/bin")
    if program is None:
        return "Postfix, unknown version"
    done = subprocess.run([program, "-d", "-h", "mail_version"], capture_output=True, text=True, check=False)
    return f"Postfix {done.stdout.strip()}"


SMTP_SINK = System("smtp-sink", "Postfix smtp-sink", Sink.DISCARD, tls=False, launch=_launch, missing=_missing, version=_version)
