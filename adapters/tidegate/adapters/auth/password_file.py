"""``file:///path``: lines ``user:hash``."""

import logging
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from tidegate.adapters.auth.libcrypt import cost, matches, unusable
from tidegate.adapters.auth.threads import BoundedThreads
from tidegate.domain.credentials import MAX_USERNAME, AuthVerdict, Credentials
from tidegate.domain.saslprep import Prohibited, saslprep
from tidegate.ports.errors import PermanentFailure, PortError, TemporaryFailure

MAX_FILE = 64 << 20
"""Bytes: half a million users. More belong in a database."""
MAX_LINE = 4096
"""Bytes. The longest hash has 123."""
NAMED_LINES = 20
"""Bad lines that are named one by one."""
LOOK_INTERVAL = 1.0
"""Seconds between two looks at the file."""
THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))
WAITING = 64
"""Logins that wait for a thread; at 5 ms a hash the last one waits a third of a second."""
DEADLINE = 10.0
"""Seconds; the hash that takes longest needs about two."""

_LOCKED = ("", "*", "x", "!", "!!")
_DUMMY = "$6$tidegate.dummy.0$" + "." * 86
"""A hash that no password has: what an unknown user costs where the file holds no hash to copy the cost from."""

_log = logging.getLogger("tidegate.auth.file")


@attrs.frozen
class Users:
    """The content of one file.

    Attributes:
        hashes: by user name; of those who can log in.
        problems: what is wrong with its lines, by number from 1; nothing of their content.
        dummy: a hash of the method and cost most users have, to be computed, and never matched, where a user is unknown.
    """

    hashes: Mapping[str, str] = attrs.field(repr=False)
    problems: tuple[tuple[int, str], ...] = ()
    dummy: str = attrs.field(default=_DUMMY, repr=False)


def parse(content: bytes) -> Users:
    """The users of a file; total. A bad line costs its user only. The first of two lines for a user counts."""
    hashes: dict[str, str] = {}
    locked: set[str] = set()
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        line = line.removesuffix(b"\r")
        if not line.strip() or line.startswith(b"#"):
            continue
        entry = _entry(line)
        if isinstance(entry, str):
            problems.append((number, entry))
            continue
        user, stored = entry
        if user in hashes or user in locked:
            problems.append((number, "a second line for a user: the first one counts"))
        elif stored in _LOCKED or stored.startswith(("!", "*")):
            locked.add(user)
        elif (wrong := unusable(stored)) is not None:
            locked.add(user)
            problems.append((number, wrong))
        else:
            hashes[user] = stored
    return Users(hashes, tuple(problems), _dummy(hashes))


def _entry(line: bytes) -> tuple[str, str] | str:
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE} bytes"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if not text.isprintable():
        return "holds control characters"
    name, colon, rest = text.partition(":")
    if not colon:
        return "has no colon: a line is user:hash"
    user = saslprep(name)
    if isinstance(user, Prohibited) or not 0 < len(user) <= MAX_USERNAME:
        return "has no usable user name before the colon"
    return user, rest.partition(":")[0]  # a line of shadow(5) has more fields


def _dummy(hashes: Mapping[str, str]) -> str:
    costs = Counter(map(cost, hashes.values()))
    if not costs:
        return _DUMMY
    [(most_common, _)] = costs.most_common(1)
    return next(stored for stored in hashes.values() if cost(stored) == most_common)


@attrs.define(eq=False)
class FileAuthenticator:
    """Checks passwords against hashes in a file that is read again when it changes.

    Attributes:
        path: absolute.
        monotonic: seconds.
    """

    path: Path
    monotonic: Callable[[], float] = time.monotonic
    _users: Users | None = attrs.field(default=None, init=False)
    _seen: tuple[int, ...] = attrs.field(default=(), init=False)
    _looked: float = attrs.field(default=float("-inf"), init=False)
    _complaint: str = attrs.field(default="", init=False)
    _threads: BoundedThreads = attrs.field(init=False, factory=lambda: BoundedThreads("auth-file", THREADS, WAITING, DEADLINE))

    def check(self) -> Users:
        """Read the file now, for a start-up that fails early and for commands.

        Raises:
            PortError: it cannot be used.
        """
        self._load(_identity(os.stat(self.path)) if self.path.exists() else ())
        if self._users is None:
            raise PermanentFailure(self._complaint)
        return self._users

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        try:
            accepted = await self._threads.run(lambda: self._judge(credentials))
        except PortError as failure:
            _log.error("password file not usable", extra={"file": str(self.path), "reason": str(failure)})
            return AuthVerdict.UNAVAILABLE
        return AuthVerdict.ACCEPTED if accepted else AuthVerdict.REFUSED

    async def close(self) -> None:
        """Take no more logins."""
        self._threads.close()

    def _judge(self, credentials: Credentials) -> bool:
        self._look()
        users = self._users
        if users is None:
            raise TemporaryFailure(self._complaint)
        stored = users.hashes.get(credentials.username)
        same = matches(credentials.password, users.dummy if stored is None else stored)
        return same and stored is not None

    def _look(self) -> None:
        now = self.monotonic()
        if now - self._looked < LOOK_INTERVAL and self._users is not None:
            return
        self._looked = now
        try:
            identity = _identity(os.stat(self.path))
        except OSError as error:
            self._complain(f"{self.path}: {error.strerror}")
            return
        if identity != self._seen or self._users is None:
            self._load(identity)

    def _load(self, identity: tuple[int, ...]) -> None:
        """Swap the users in whole, or keep those of before."""
        try:
            content, identity = _read(self.path)
        except PortError as failure:
            self._complain(str(failure))
            return
        users = parse(content)
        self._users, self._seen, self._complaint = users, identity, ""
        for number, wrong in users.problems[:NAMED_LINES]:
            _log.warning("line of the password file not used", extra={"file": str(self.path), "line": number, "reason": wrong})
        if len(users.problems) > NAMED_LINES:
            _log.warning("more lines not used", extra={"file": str(self.path), "lines": len(users.problems) - NAMED_LINES})

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            self._complaint = reason
            kept = "the users read before stay" if self._users is not None else "nobody can log in"
            _log.error("password file not read", extra={"reason": reason, "effect": kept})


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _read(path: Path) -> tuple[bytes, tuple[int, ...]]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO does not hold us up
    except OSError as error:
        raise PermanentFailure(f"{path}: {error.strerror}") from error
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise PermanentFailure(f"{path} is not a regular file")
        if before.st_mode & stat.S_IWOTH:
            raise PermanentFailure(f"{path} can be written by everybody: chmod o-w")
        if before.st_size > MAX_FILE:
            raise PermanentFailure(f"{path} has more than {MAX_FILE >> 20} MiB")
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_FILE + 1)
        after = os.fstat(descriptor)
    except OSError as error:
        raise PermanentFailure(f"{path}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if _identity(before) != _identity(after) or len(content) != after.st_size:
        raise TemporaryFailure(f"{path} was being written while it was read")
    return content, _identity(after)
