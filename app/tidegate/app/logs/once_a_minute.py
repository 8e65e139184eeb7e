"""When to say again what lasts: clients read only that they should come back later, and whoever runs the server should know why."""

import time
from collections.abc import Callable

import attrs

INTERVAL_S = 60.0
"""Between two log lines that say the same."""


@attrs.define
class OnceAMinute:
    """For one kind of line.

    Attributes:
        monotonic: seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    _said_s: float = attrs.field(default=float("-inf"), init=False)

    def due(self) -> bool:
        """Whether it has not been said for a minute; then it counts as said."""
        now_s = self.monotonic()
        if now_s - self._said_s < INTERVAL_S:
            return False
        self._said_s = now_s
        return True
