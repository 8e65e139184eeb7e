"""The way of one login attempt: ban, cache, delay, back ends, and an answer that takes no telling time."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import attrs

from tidegate.app.auth.cache import SuccessCache
from tidegate.domain.login_limits import LoginTable, Turned, client_of
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.authenticator import Authenticator, AuthVerdict, Credentials
from tidegate.ports.ban_list import BanList

FLOOR = 0.25
"""Seconds. A refusal is given at a multiple of it after the question: what a back end does faster for one user than for another does not
show."""
UNDER_WAY = 1000
"""Attempts at the same time in a process, those included that are being delayed; more are answered 454."""

_log = logging.getLogger("tidegate.auth")


@attrs.define(eq=False)
class GatewayLogin:
    """Plays :class:`tidegate.ports.login.Login`.

    Attributes:
        authenticator: the back ends.
        bans: of all processes.
        table: failures in this process.
        cache: successes of the last seconds.
        floor_s: see :data:`FLOOR`.
        monotonic: seconds.
        clock: for bans.
        sleep: waits.
    """

    authenticator: Authenticator
    bans: BanList
    table: LoginTable = attrs.field(factory=LoginTable)
    cache: SuccessCache = attrs.field(factory=SuccessCache)
    floor_s: float = FLOOR
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _under_way: int = attrs.field(default=0, init=False)

    async def attempt(self, credentials: Credentials) -> AuthVerdict | Reply:
        """See the port."""
        started = self.monotonic()
        client = client_of(credentials.remote_ip)
        facts = {"user": credentials.username, "remote_ip": credentials.remote_ip}
        if self.bans.banned(client, self.clock()):
            _log.info("login refused: the client is banned", extra=facts)
            return replies.TOO_MANY_LOGINS
        digest = self.cache.digest(credentials)
        if self.cache.holds(digest, started):
            _log.info("login accepted", extra=facts)
            return AuthVerdict.ACCEPTED
        if self._under_way >= UNDER_WAY:
            _log.error("login not judged: too many at the same time", extra=facts)
            return AuthVerdict.UNAVAILABLE
        wait = self.table.begin(client, credentials.username, started)
        if isinstance(wait, Turned):
            self._turn(wait, client, facts)
            return replies.TOO_MANY_LOGINS
        self._under_way += 1
        try:
            if wait:
                await self.sleep(wait)
            return await self._judge(credentials, client, digest, facts)
        finally:
            self._under_way -= 1

    async def _judge(self, credentials: Credentials, client: str, digest: bytes, facts: dict[str, str]) -> AuthVerdict:
        asked = self.monotonic()
        verdict = AuthVerdict.UNAVAILABLE
        try:
            verdict = await self.authenticator.authenticate(credentials)
        finally:
            now = self.monotonic()
            user = credentials.username
            if verdict is AuthVerdict.ACCEPTED:
                self.table.succeeded(client, user, now)
                self.cache.remember(digest, now)
                _log.info("login accepted", extra=facts)
            elif verdict is AuthVerdict.REFUSED:
                self.table.failed(client, user, now, digest)
                _log.warning("login refused", extra=facts)
            else:
                self.table.undecided(client, user, now)
                _log.error("login not judged: a back end is not available", extra=facts)
        if verdict is not AuthVerdict.ACCEPTED and self.floor_s:
            elapsed = self.monotonic() - asked
            await self.sleep(math.ceil(elapsed / self.floor_s) * self.floor_s - elapsed)
        return verdict

    def _turn(self, how: Turned, client: str, facts: dict[str, str]) -> None:
        if how is Turned.BAN:
            limits = self.table.limits
            self.bans.ban(client, self.clock() + timedelta(seconds=limits.ban_s))
            _log.warning("client banned: too many failed logins", extra={**facts, "client": client, "seconds": limits.ban_s})
        else:
            _log.warning("login turned away: too many failed logins", extra=facts)
