"""How guessing at passwords is slowed down and stopped: failures per client and per user.

A client is an IPv4 address or an IPv6 network of 64 bits, as one host has a whole /64. Failures fill a bucket that empties with time. A client
whose bucket fills is delayed more and more, then turned away with 421, then banned for a while. A user is never locked out: what many
clients do to one name only delays, so that the owner with the right password gets in, and nobody can shut somebody else out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from enum import Enum
from ipaddress import IPv6Address, ip_address

import attrs

MAX_REMEMBERED = 20_000
"""Clients, and users, with failures that are remembered, those of the longest ago forgotten first; about 10 MB."""
_REPEATS = 4
"""Failed credentials of a client that are known again."""


@attrs.frozen
class LoginLimits:
    """When what happens. Defaults let a person mistype and stop a program.

    Attributes:
        free: failures without delay.
        turned_away: failures of a client from which logins are answered 421 without a look at them.
        banned: failures from which the client is banned.
        ban_s: seconds that a ban lasts.
        recover_s: seconds until one failure is forgotten.
        first_delay_s: seconds of delay for the first failure that is not free; doubled with each one more.
        longest_delay_s: seconds; the most that a delay becomes.
        user_free: failures with one user name, from all clients, without delay.
    """

    free: int = 3
    turned_away: int = 10
    banned: int = 20
    ban_s: float = 900.0
    recover_s: float = 60.0
    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0
    user_free: int = 10


class Turned(Enum):
    """What becomes of a client that is not heard."""

    AWAY = "away"
    BAN = "ban"


@attrs.define
class _Bucket:
    level: float
    at_s: float
    repeats: tuple[Hashable, ...] = ()


@attrs.define
class LoginTable:
    """Failures of one process; asked before and told after each attempt.

    Attributes:
        limits: see there.
    """

    limits: LoginLimits = attrs.field(factory=LoginLimits)
    _clients: OrderedDict[str, _Bucket] = attrs.field(factory=OrderedDict, init=False)
    _users: OrderedDict[str, _Bucket] = attrs.field(factory=OrderedDict, init=False)

    def begin(self, client: str, user: str, now_s: float) -> float | Turned:
        """An attempt begins. It counts as failed until :meth:`succeeded` or :meth:`undecided`: attempts side by side gain nothing.

        Args:
            client: by :func:`client_of`.
            user: name.
            now_s: monotonic seconds.

        Returns:
            Seconds to wait before it is judged; or what becomes of the client.
        """
        limits = self.limits
        of_client = self._add(self._clients, client, now_s, 1)
        if of_client > limits.banned:
            self._clients.pop(client, None)  # after the ban it starts anew
            return Turned.BAN
        if of_client > limits.turned_away:
            return Turned.AWAY
        of_user = self._add(self._users, user, now_s, 1)
        return max(self._delay(of_client - limits.free), self._delay(of_user - limits.user_free))

    def succeeded(self, client: str, user: str, now_s: float) -> None:
        """The attempt was right. Failures of before stay: who owns one account shall not guess at others."""
        self.undecided(client, user, now_s)

    def undecided(self, client: str, user: str, now_s: float) -> None:
        """Nothing was learned by the attempt: the back end was away."""
        self._add(self._clients, client, now_s, -1)
        self._add(self._users, user, now_s, -1)

    def failed(self, client: str, user: str, now_s: float, digest: Hashable) -> None:
        """The attempt was wrong. The same wrong credentials again are a program with an old password, not a guess: they count once.

        Args:
            client: as before.
            user: as before.
            now_s: monotonic seconds.
            digest: stands for user name and password.
        """
        bucket = self._clients.get(client)
        if bucket is None:
            return
        if digest in bucket.repeats:
            self.undecided(client, user, now_s)
        bucket.repeats = (digest, *[other for other in bucket.repeats if other != digest])[:_REPEATS]

    def _delay(self, excess: float) -> float:
        limits = self.limits
        # Excess is bounded before the power is taken: 2.0 ** 2000 is an error.
        return 0.0 if excess <= 0 else min(limits.longest_delay_s, limits.first_delay_s * 2.0 ** min(excess - 1, 30.0))

    def _add(self, table: OrderedDict[str, _Bucket], key: str, now_s: float, count: int) -> float:
        bucket = table.get(key)
        if bucket is None:
            if count < 0:
                return 0.0
            bucket = table[key] = _Bucket(0.0, now_s)
            if len(table) > MAX_REMEMBERED:
                table.popitem(last=False)
        table.move_to_end(key)
        bucket.level = max(0.0, bucket.level - max(0.0, now_s - bucket.at_s) / self.limits.recover_s) + count
        bucket.at_s = now_s
        if bucket.level <= 0 and not bucket.repeats:
            del table[key]
        return bucket.level


def client_of(ip: str) -> str:
    """Whom an address stands for: itself, or the first address of its IPv6 network of 64 bits."""
    address = ip_address(ip.partition("%")[0])
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64" if isinstance(address, IPv6Address) else str(address)
