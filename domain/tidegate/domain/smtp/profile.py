"""What a server offers in its greeting and EHLO reply (RFC 5321 section 4.1.1.1)."""

from functools import lru_cache

import attrs

from tidegate.domain.address import Validation
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.reply import Reply


@attrs.frozen(cache_hash=True)  # a key of the cached replies below, at every EHLO
class Profile:
    """The offer of one listener, the same for all its sessions.

    Attributes:
        hostname: our name in greeting and replies, as ``smtp-hostname`` and its fall-backs give it.
        validation: value of ``smtp-validate-address``.
        dsn: offer DSN (``dsn-advertise``).
        tls: a certificate is there: offer STARTTLS.
        limits: bounds of a session.
        authentication: a back end is there: offer AUTH in sessions protected by TLS.
        announce: tell of each message as soon as its first recipient is known.
        keep_refused: mail for recipients that are refused is taken all the same (``rabbitmq-refused``).
    """

    hostname: str
    validation: Validation = Validation.STRICT
    dsn: bool = True
    tls: bool = False
    limits: Limits = attrs.field(factory=Limits)
    authentication: bool = False
    keep_refused: bool = False
    announce: bool = False


@lru_cache(maxsize=64)
def greeting(hostname: str) -> Reply:
    """The 220 of RFC 5321 section 3.1; no enhanced code there (RFC 2034 section 4)."""
    return Reply.of(220, "", f"{hostname} ESMTP Tidegate")


@lru_cache(maxsize=64)
def ehlo_reply(profile: Profile, max_message_bytes: int, *, secure: bool) -> Reply:
    """The list of extensions: PIPELINING (RFC 2920), SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), ENHANCEDSTATUSCODES (2034), CHUNKING and
    BINARYMIME (3030), DSN (3461), STARTTLS (3207), AUTH (4954), LIMITS (9422)."""
    lines = [
        f"{profile.hostname} at your service",
        "PIPELINING",
        f"SIZE {max_message_bytes}",
        "8BITMIME",
        "SMTPUTF8",
        "ENHANCEDSTATUSCODES",
        "CHUNKING",
        "BINARYMIME",
    ]
    if profile.dsn:
        lines.append("DSN")
    if profile.tls and not secure:
        lines.append("STARTTLS")
    if profile.authentication and secure:
        lines.append("AUTH PLAIN LOGIN")
    lines.append(f"LIMITS RCPTMAX={profile.limits.recipients}")
    return Reply(250, "", tuple(lines))


@lru_cache(maxsize=64)
def helo_reply(profile: Profile) -> Reply:
    """HELO knows no extensions."""
    return Reply.of(250, "", f"{profile.hostname} at your service")
