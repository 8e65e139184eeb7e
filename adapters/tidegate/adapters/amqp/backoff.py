"""How long to wait before the next attempt to reach a broker."""

from collections.abc import Callable

import attrs

FIRST_S = 1.0
LONGEST_S = 30.0


@attrs.define
class Backoff:
    """Doubling delays from 1 to 30 seconds, each shortened at random by up to half (never below 1 second).

    The random part keeps many gateways that lost one broker at one moment from returning at one moment.

    Attributes:
        random: returns a number in [0, 1).
    """

    random: Callable[[], float]
    _failures: int = attrs.field(default=0, init=False)

    def failed(self) -> float:
        """Note one more failure and return the seconds to wait."""
        delay = min(LONGEST_S, FIRST_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return max(FIRST_S, delay * (0.5 + 0.5 * self.random()))

    def lived(self, seconds: float) -> None:
        """Note how long a connection was of use: one that outlived the longest delay starts the count anew."""
        if seconds >= LONGEST_S:
            self._failures = 0
