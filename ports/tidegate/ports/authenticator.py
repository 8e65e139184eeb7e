"""Role: tell whether a user name and password belong together."""

from enum import StrEnum
from typing import Protocol

import attrs


@attrs.frozen
class Credentials:
    """What the client presented.

    Attributes:
        username: 1 to 255 characters, no control characters.
        password: 1 to 1,024 bytes of UTF-8, no NUL, CR or LF; never shown by ``repr``.
        remote_ip: the client's address, for back ends that look at it.
    """

    username: str
    password: str = attrs.field(repr=False)
    remote_ip: str = ""


class AuthVerdict(StrEnum):
    """Answer of a back end."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Unknown user, wrong password, locked, expired: the client learns no difference (535 5.7.8)."""
    UNAVAILABLE = "unavailable"
    """The back end is away, slow or answers nonsense (454 4.7.0). Never an acceptance."""


class Authenticator(Protocol):
    """One authentication back end."""

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """Judge the credentials.

        Every outcome is a value; never raises, but for cancellation. Ends within the adapter's own deadline. Refused and unknown users take
        about the same time.
        """
