"""Names for transactions and documents: sortable by time, unique over restarts and machines.

26 characters of ``[0-9a-z]``: 10 for the milliseconds since 1970, 4 for a counter within the millisecond, 12 for the process that made it.
The alphabet is Crockford's base 32 (no i, l, o, u) in the order of its ASCII codes, so text order is time order.
"""

from collections.abc import Iterable

import attrs

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

NODE_BYTES = 8
"""60 of these 64 bits are used: two of a million processes share a node with a chance of about 4e-7, and then would still have to
number the same millisecond."""

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)  # ten bits each
_COUNTER_END = 1 << 20
_TIME_END = 1 << 50


@attrs.define
class MessageIds:
    """A source of identifiers, one per process: forked processes must each make their own, with their own node.

    Attributes:
        node: :data:`NODE_BYTES` random bytes.
    """

    node: bytes
    _suffix: str = attrs.field(init=False, default="")
    _milliseconds: int = attrs.field(init=False, default=0)
    _counter: int = attrs.field(init=False, default=0)
    _prefix: str = attrs.field(init=False, default="")

    def __attrs_post_init__(self) -> None:
        if len(self.node) != NODE_BYTES:
            raise ValueError(f"a node is {NODE_BYTES} random bytes, not {len(self.node)}")
        bits = int.from_bytes(self.node, "big")
        self._suffix = "".join(_PAIRS[bits >> shift & 1023] for shift in range(50, -1, -10))

    def next(self, now_ms: int) -> str:
        """A new identifier, greater than every one before it from the same source.

        Args:
            now_ms: milliseconds since 1970. A clock that steps back holds the last time until it has caught up.

        Raises:
            ValueError: ``now_ms`` is negative or beyond the year 37000.
        """
        if now_ms > self._milliseconds or not self._prefix:
            self._start(now_ms)
        elif self._counter == _COUNTER_END:
            self._start(self._milliseconds + 1)
        counter = self._counter
        self._counter = counter + 1
        return f"{self._prefix}{_PAIRS[counter >> 10]}{_PAIRS[counter & 1023]}{self._suffix}"

    def _start(self, milliseconds: int) -> None:
        if not 0 <= milliseconds < _TIME_END:
            raise ValueError(f"{milliseconds} is no time in milliseconds since 1970")
        self._milliseconds = milliseconds
        self._counter = 0
        self._prefix = "".join([_PAIRS[milliseconds >> shift & 1023] for shift in (40, 30, 20, 10, 0)])


def per_recipient(transaction_id: str, recipients: int) -> tuple[str, ...]:
    """One ``message-id`` per recipient of a transaction: the transaction's own for a single one, else ``…-1`` to ``…-n``.

    So a document leads to its ``Received`` field and to its siblings. Numbers have one width: text order is the order of recipients.
    """
    if recipients == 1:
        return (transaction_id,)
    width = len(str(recipients))
    numbers: Iterable[int] = range(1, recipients + 1)
    return tuple([f"{transaction_id}-{number:0{width}}" for number in numbers])
