"""The one process that keeps root's rights where accounts of the system may log in: it judges passwords, and does nothing else.

It is forked before the server gives its rights up, and listens on a UNIX socket that only the server's account may open. Each question is
judged in a child of its own: a PAM module that crashes, hangs or leaks takes nothing with it. The list of accounts that may be asked for is the
one of its start, so that a server that has been taken over cannot guess at others.

A question is user name, password and client address with NUL between them, up to the end of the stream; the answer is one byte.
"""

import os
import pwd
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from tidegate.adapters.auth import shadow
from tidegate.domain.account_patterns import AccountPatterns
from tidegate.domain.credentials import AuthVerdict, Credentials, Unfit, credentials
from tidegate.ports.errors import PermanentFailure, PortError

PAM_SERVICE = "tidegate"
"""Name of the file in /etc/pam.d; without it PAM uses ``other``."""
NO_ACCOUNT = "tidegate-no-such-account"
"""What is asked for in place of a name that is not on the list."""
QUESTION_SECONDS = 15
"""A child that takes longer is ended by SIGALRM."""
CHILDREN = 16
"""Questions at the same time; more wait in the backlog of the socket."""
MAX_QUESTION = 4096
"""Bytes: a user name of 255 characters, a password of 1,024 bytes and an address are less."""

ACCEPTED = b"A"
ANSWERS = {ACCEPTED: AuthVerdict.ACCEPTED, b"R": AuthVerdict.REFUSED, b"U": AuthVerdict.UNAVAILABLE}
_BYTES = {verdict: byte for byte, verdict in ANSWERS.items()}

# What PAM says of credentials and accounts; everything else is a fault of the machine (security/_pam_types.h).
_PAM_REFUSALS = frozenset((6, 7, 8, 10, 11, 12, 13, 16, 17, 27))


def start_helper(path: Path, patterns: AccountPatterns, uid: int, gid: int) -> int:
    """Fork the helper; returns its process id. It ends when the calling process and all that it has forked have ended.

    Args:
        path: of the socket; made anew, for this account only.
        patterns: who may log in.
        uid: account of the server.
        gid: its group.

    Raises:
        PermanentFailure: not called by root, or the socket cannot be made.
    """
    if os.geteuid() != 0:
        raise PermanentFailure(
            "users:// needs a start as root: passwords of system accounts are for root alone (user: NAME gives root up later)"
        )
    listening = _listen(path, uid, gid)
    # Nothing is written to it: its end is the sign. A signal at the parent's death would need the rights that the parent has given up by then.
    lifeline, held = os.pipe()
    pid = os.fork()
    if pid:
        listening.close()
        os.close(lifeline)
        return pid
    status = 1
    try:
        os.close(held)
        _become_helper(listening.fileno(), lifeline)
        _serve(listening, lifeline, patterns, uid)
        status = 0
    except BaseException as error:
        print(f"tidegate: the helper for system accounts ended: {error!r}", file=sys.stderr)
    finally:
        os._exit(status)


def judge(presented: Credentials, patterns: AccountPatterns) -> AuthVerdict:
    """Judge with PAM, or by /etc/shadow where there is no PAM. Needs root's rights.

    Who is not on the list is refused after a question about an account that is not there: PAM delays its refusals, and the time is not to tell
    who is on the list.
    """
    try:
        account = pwd.getpwnam(presented.username)
    except KeyError:
        account = None
    if not patterns.admit(presented.username, superuser=account is not None and account.pw_uid == 0):
        _ask(Credentials(NO_ACCOUNT, presented.password, presented.remote_ip))
        return AuthVerdict.REFUSED
    return _ask(presented)


def _ask(presented: Credentials) -> AuthVerdict:
    try:
        import pam
    except ImportError:
        return _by_shadow(presented)
    authenticator = pam.PamAuthenticator()
    try:
        accepted = authenticator.authenticate(
            presented.username, presented.password, service=PAM_SERVICE, env={"PAM_RHOST": presented.remote_ip}, resetcreds=False
        )
    except (ValueError, OSError):
        return AuthVerdict.UNAVAILABLE
    if accepted and authenticator.code == 0:
        return AuthVerdict.ACCEPTED
    return AuthVerdict.REFUSED if authenticator.code in _PAM_REFUSALS else AuthVerdict.UNAVAILABLE


def _by_shadow(presented: Credentials) -> AuthVerdict:
    try:
        content = shadow.SHADOW.read_text("utf-8", "replace")
        return shadow.judge(content, presented, int(time.time() // 86400))
    except (OSError, PortError):
        return AuthVerdict.UNAVAILABLE


def _listen(path: Path, uid: int, gid: int) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        os.chown(path, uid, gid, follow_symlinks=False)
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise PermanentFailure(f"{path}: the socket of the helper for system accounts cannot be made: {error.strerror}") from error
    return listening


def _become_helper(*keep: int) -> None:
    """Let go of everything of the parent but these descriptors."""
    os.setsid()  # a ^C is for the server, which ends us
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.chdir("/")
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 65536)


def _serve(listening: socket.socket, lifeline: int, patterns: AccountPatterns, uid: int) -> None:
    """Answer questions until the server is gone."""
    watched = select.poll()
    watched.register(listening, select.POLLIN)
    watched.register(lifeline, select.POLLIN)
    children = 0
    while True:
        ready = [descriptor for descriptor, _ in watched.poll(1000 if children else None)]
        if lifeline in ready:
            return
        if ready:
            connection, _ = listening.accept()
            with connection:
                _, peer, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                if peer in (0, uid):
                    if os.fork() == 0:
                        _answer(connection, patterns)
                    children += 1
        children -= _reaped(children)


def _reaped(children: int) -> int:
    """How many of the children have ended; waits for one where there are as many as may be."""
    ended = 0
    while children > ended and os.waitpid(-1, 0 if children - ended >= CHILDREN else os.WNOHANG)[0]:
        ended += 1
    return ended


def _answer(connection: socket.socket, patterns: AccountPatterns) -> None:
    """In a child: one question. Never returns."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(QUESTION_SECONDS)
        connection.settimeout(QUESTION_SECONDS)
        question = b""
        while len(question) <= MAX_QUESTION and (piece := connection.recv(MAX_QUESTION)):
            question += piece
        fields = question.split(b"\0")
        presented = credentials(fields[0], fields[1], fields[2].decode("ascii")) if len(fields) == 3 else Unfit.MALFORMED
        verdict = AuthVerdict.REFUSED if isinstance(presented, Unfit) else judge(presented, patterns)
        connection.sendall(_BYTES[verdict])
    finally:
        os._exit(0)
