"""``users://user1,client*``: accounts of the system, through the privileged helper."""

import asyncio
import logging
from pathlib import Path

import attrs

from tidegate.adapters.auth.privileged_helper import ACCEPTED, ANSWERS
from tidegate.domain.account_patterns import AccountPatterns
from tidegate.domain.credentials import AuthVerdict, Credentials

DEADLINE = 10.0
"""Seconds; PAM delays refusals by about two."""
WAITING = 64
"""Logins under way; more are answered 454 at once."""

_log = logging.getLogger("tidegate.auth.users")


@attrs.define(eq=False)
class SystemAccountsAuthenticator:
    """Asks the helper.

    Attributes:
        patterns: who may log in; the helper looks first, with the patterns of its own start.
        socket: where the helper listens.
        deadline_s: seconds.
    """

    patterns: AccountPatterns
    socket: Path
    deadline_s: float = DEADLINE
    _taken: int = attrs.field(default=0, init=False)

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port. The helper is asked about names that are not on the list too, so that the time does not tell who is."""
        if not credentials.username or not credentials.password:
            return AuthVerdict.REFUSED
        if self._taken >= WAITING:
            return self._unavailable("too many logins at the same time")
        self._taken += 1
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self._ask(credentials)
        except TimeoutError:
            return self._unavailable(f"no answer within {self.deadline_s:g} seconds")
        except OSError as error:
            return self._unavailable(error.strerror or type(error).__name__)
        finally:
            self._taken -= 1
        if answer == ACCEPTED and not self.patterns.admit(credentials.username, superuser=False):
            return AuthVerdict.REFUSED  # this configuration has a shorter list than the helper's
        verdict = ANSWERS.get(answer, AuthVerdict.UNAVAILABLE)
        return self._unavailable("the helper could not ask the system") if verdict is AuthVerdict.UNAVAILABLE else verdict

    async def close(self) -> None:
        """Nothing is held between logins; the helper ends with the server."""

    async def _ask(self, credentials: Credentials) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            writer.write("\0".join((credentials.username, credentials.password, credentials.remote_ip)).encode())
            writer.write_eof()
            return await reader.read(1)
        finally:
            writer.close()

    def _unavailable(self, reason: str) -> AuthVerdict:
        _log.error("helper for system accounts not usable", extra={"reason": reason})
        return AuthVerdict.UNAVAILABLE
