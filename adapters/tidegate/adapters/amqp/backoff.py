"""How long to wait before the next attempt to reach a broker."""

from collections.abc import Callable

import attrs

MAX_DOUBLINGS = 20
"""So that the power stays a small number however long the broker is away."""


@attrs.define
class Backoff:
    """Doubling delays, each shortened at random by up to half, but never below the first.

    The random part keeps many gateways that lost one broker at one moment from returning at one moment.

    Attributes:
        first_s: shortest delay.
        longest_s: longest delay.
        random: returns a number in [0, 1).
    """

    first_s: float
    longest_s: float
    random: Callable[[], float]
    _failures: int = attrs.field(default=0, init=False)

    def failed(self) -> float:
        """Note one more failure and return the seconds to wait."""
        delay = min(self.longest_s, self.first_s * 2.0 ** min(self._failures, MAX_DOUBLINGS))
        self._failures += 1
        return max(self.first_s, delay * (0.5 + 0.5 * self.random()))

    def lived(self, seconds: float) -> None:
        """Note how long a connection was of use: one that outlived the longest delay starts the count anew."""
        if seconds >= self.longest_s:
            self._failures = 0
