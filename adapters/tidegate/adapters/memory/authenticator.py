"""Accounts in memory."""

from collections.abc import Collection, Mapping

import attrs

from tidegate.domain.credentials import AuthVerdict, Credentials


@attrs.define
class MemoryAuthenticator:
    """Plays :class:`tidegate.ports.authenticator.Authenticator` with accounts given as data.

    Attributes:
        passwords: by user name.
        broken: users whose logins cannot be judged; ``*`` for everybody's.
        asked: credentials shown so far.
    """

    passwords: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    broken: Collection[str] = ()
    asked: list[Credentials] = attrs.field(factory=list, init=False)

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """By the accounts."""
        self.asked.append(credentials)
        if credentials.username in self.broken or "*" in self.broken:
            return AuthVerdict.UNAVAILABLE
        known = self.passwords.get(credentials.username)
        return AuthVerdict.ACCEPTED if known == credentials.password else AuthVerdict.REFUSED

    async def close(self) -> None:
        """Nothing is held."""
