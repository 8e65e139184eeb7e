"""What a client presents to authenticate, and what may be said about it (RFC 4616, RFC 4954)."""

from enum import Enum, StrEnum

import attrs

from tidegate.domain.saslprep import Prohibited, saslprep

MAX_USERNAME = 255
"""Characters. The most that RFC 4616 section 2 asks of implementations; what RADIUS and login systems take is shorter."""
MAX_PASSWORD_BYTES = 1024
"""Bytes of UTF-8. RFC 4616 asks for at least 255; without a bound, the time that a hash takes would be the client's choice."""

_CONTROLS = frozenset(map(chr, (*range(0x20), 0x7F)))


@attrs.frozen
class Credentials:
    """What the client presented.

    Attributes:
        username: 1 to 255 characters, no control characters, SASLprep applied (RFC 4013).
        password: 1 to 1,024 bytes of UTF-8, no control characters, as sent; never shown by ``repr``.
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


class Unfit(Enum):
    """Why a user name and password are shown to no back end."""

    MALFORMED = "malformed"
    """Control characters: no mail program sends them, injections do."""
    HOPELESS = "hopeless"
    """Empty, too long, not UTF-8, or characters that SASLprep prohibits: no account can have them."""


def credentials(username: bytes, password: bytes, remote_ip: str = "") -> Credentials | Unfit:
    """What a client sent, as a back end may see it.

    The user name is prepared with SASLprep, so that two spellings that look alike are one name in every back end, document and log. The
    password is not: stored hashes are of the bytes that were typed when they were made.

    Args:
        username: as decoded from base64.
        password: as decoded from base64.
        remote_ip: the client's address.
    """
    try:
        name, secret = username.decode(), password.decode()
    except UnicodeDecodeError:
        return Unfit.HOPELESS
    if not _CONTROLS.isdisjoint(name) or not _CONTROLS.isdisjoint(secret):
        return Unfit.MALFORMED
    if not name or not secret or len(name) > MAX_USERNAME or len(password) > MAX_PASSWORD_BYTES:
        return Unfit.HOPELESS
    prepared = saslprep(name)
    if isinstance(prepared, Prohibited) or not 0 < len(prepared) <= MAX_USERNAME:
        return Unfit.HOPELESS
    return Credentials(prepared, secret, remote_ip)
