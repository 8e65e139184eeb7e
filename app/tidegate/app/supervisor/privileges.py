"""Gives up root once the ports are bound (``user``), and keeps a second server away (``lock``)."""

import fcntl
import os
import pwd
from pathlib import Path
from typing import Self

from tidegate.ports.errors import PermanentFailure


def account_of(name: str) -> pwd.struct_passwd:
    """The account of the system.

    Raises:
        PermanentFailure: there is none of this name.
    """
    try:
        return pwd.getpwnam(name)
    except KeyError as error:
        raise PermanentFailure(f"user {name}: there is no such account") from error


def drop_privileges(name: str) -> None:
    """Become this account, with its groups, for good.

    Raises:
        PermanentFailure: there is no such account, or this process may not become it.
    """
    account = account_of(name)
    if os.getuid() == account.pw_uid:
        return
    if os.getuid() != 0:
        raise PermanentFailure(f"user {name}: only root can become another account; start the server as root or as {name}")
    os.initgroups(name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ.update(HOME=account.pw_dir, USER=name, LOGNAME=name)


class Lock:
    """A file with the process id that stays locked as long as this process and its workers live.

    It is never removed, since another server may be opening it; a clean end leaves it empty, so that nobody signals a process that is gone.
    """

    def __init__(self, path: Path) -> None:
        """Take it.

        Raises:
            PermanentFailure: another server holds it, or it cannot be written.
        """
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise PermanentFailure(f"lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise PermanentFailure(f"lock {path}: another server runs already{f' (process {holder})' if holder else ''}") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
