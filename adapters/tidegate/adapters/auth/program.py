"""``exec:///path``: a program that judges.

The convention: no arguments and no shell; user name and password on standard input, one line each; the client's address in
``TIDEGATE_REMOTE_IP``, and nothing else in the environment but ``PATH`` and ``LANG``; exit 0 accepts, 75 and 111 are a temporary failure,
126, 127 and death by a signal too, anything else refuses.
"""

import asyncio
import logging
import os
import signal
import stat
from contextlib import suppress
from pathlib import Path

import attrs

from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.ports.errors import PermanentFailure

DEADLINE = 10.0
"""Seconds, with the time of waiting for a place."""
GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL."""
RUNNING = 8
"""Programs at the same time."""
WAITING = 16
"""Logins that wait for one of them to end."""

_TEMPORARY = frozenset((os.EX_TEMPFAIL, 111, 126, 127))

_log = logging.getLogger("tidegate.auth.exec")


@attrs.define(eq=False)
class ExecAuthenticator:
    """Runs the program for each login, in a process group of its own.

    Attributes:
        path: of the program, absolute.
        deadline_s: seconds.
    """

    path: Path
    deadline_s: float = DEADLINE
    _places: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(RUNNING), init=False)
    _taken: int = attrs.field(default=0, init=False)

    def check(self) -> None:
        """Whether the program can be run.

        Raises:
            PermanentFailure: it cannot, or everybody could replace it.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise PermanentFailure(f"{self.path}: {error.strerror}") from error
        if not stat.S_ISREG(status.st_mode):
            raise PermanentFailure(f"{self.path} is not a regular file")
        if status.st_mode & stat.S_IWOTH:
            raise PermanentFailure(f"{self.path} can be written by everybody: chmod o-w")
        if not os.access(self.path, os.X_OK):
            raise PermanentFailure(f"{self.path} cannot be executed: chmod +x")

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        if self._taken >= RUNNING + WAITING:
            return self._unavailable("too many logins at the same time")
        self._taken += 1
        try:
            return await self._in_turn(credentials)
        finally:
            self._taken -= 1

    async def close(self) -> None:
        """Nothing is held between logins."""

    async def _in_turn(self, credentials: Credentials) -> AuthVerdict:
        deadline = asyncio.get_running_loop().time() + self.deadline_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        except TimeoutError:
            return self._unavailable("no place for a program within the deadline")
        try:
            self.check()
            return await self._run(credentials, deadline)
        except PermanentFailure as failure:
            return self._unavailable(str(failure))
        except OSError as error:
            return self._unavailable(f"cannot be run: {error.strerror}")
        finally:
            self._places.release()

    async def _run(self, credentials: Credentials, deadline: float) -> AuthVerdict:
        process = await asyncio.create_subprocess_exec(
            self.path,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TIDEGATE_REMOTE_IP": credentials.remote_ip},
            start_new_session=True,
        )
        assert process.stdin is not None
        try:
            # At most 2 KiB: it fits into the pipe, whether the program reads it or not.
            process.stdin.write(f"{credentials.username}\n{credentials.password}\n".encode())
            process.stdin.close()
            async with asyncio.timeout_at(deadline):
                status = await process.wait()
        except TimeoutError:
            return self._unavailable("no exit within the deadline")
        finally:
            if process.returncode is None:
                await asyncio.shield(_kill(process))
        if status == 0:
            return AuthVerdict.ACCEPTED
        if status < 0 or status in _TEMPORARY:
            return self._unavailable(f"killed by signal {-status}" if status < 0 else f"exit status {status}")
        return AuthVerdict.REFUSED

    def _unavailable(self, reason: str) -> AuthVerdict:
        _log.error("authentication program not usable", extra={"program": str(self.path), "reason": reason})
        return AuthVerdict.UNAVAILABLE


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End the whole group, the program itself last, so that its number is not given to another group meanwhile."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
