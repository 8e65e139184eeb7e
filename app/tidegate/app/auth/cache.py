"""Successful logins of the last seconds: a client that opens a connection for each message does not cost a back end each time."""

import hmac
import secrets
from collections import OrderedDict
from hashlib import sha256

import attrs

from tidegate.ports.authenticator import Credentials

TTL = 10.0
"""Seconds for which a password that was changed or withdrawn may still get in."""
MAX_ENTRIES = 10_000
"""About 2 MB."""


@attrs.define
class SuccessCache:
    """Remembers digests only, keyed with a secret of this process: neither passwords nor anything to guess them by.

    Attributes:
        ttl_s: seconds.
    """

    ttl_s: float = TTL
    _key: bytes = attrs.field(factory=lambda: secrets.token_bytes(32), init=False, repr=False)
    _until: OrderedDict[bytes, float] = attrs.field(factory=OrderedDict, init=False, repr=False)

    def digest(self, credentials: Credentials) -> bytes:
        """What stands for user name and password."""
        # NUL stands in neither.
        return hmac.digest(self._key, f"{credentials.username}\0{credentials.password}".encode(), sha256)

    def holds(self, digest: bytes, now_s: float) -> bool:
        """Whether these credentials were right a moment ago."""
        return self._until.get(digest, 0.0) > now_s

    def remember(self, digest: bytes, now_s: float) -> None:
        """They were right."""
        self._until[digest] = now_s + self.ttl_s
        self._until.move_to_end(digest)
        while len(self._until) > MAX_ENTRIES:
            self._until.popitem(last=False)
