"""``hardcoded://user:password,…``: pairs from the configuration."""

import hmac
from collections.abc import Mapping

import attrs

from tidegate.domain.credentials import AuthVerdict, Credentials

_NOBODY = b"\0"
"""Compared with where the user is unknown; no password holds NUL."""


@attrs.frozen
class HardcodedAuthenticator:
    """Compares with the pairs of the configuration in constant time.

    Attributes:
        passwords: by user name, in clear.
    """

    passwords: Mapping[str, str] = attrs.field(repr=False)

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        known = self.passwords.get(credentials.username)
        expected = _NOBODY if known is None else known.encode()
        equal = hmac.compare_digest(expected, credentials.password.encode())
        return AuthVerdict.ACCEPTED if equal and known is not None else AuthVerdict.REFUSED

    async def close(self) -> None:
        """Nothing is held."""
