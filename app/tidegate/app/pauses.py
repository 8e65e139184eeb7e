"""Growing pauses between attempts that fail, for each name separately."""

import random
import time
from collections.abc import Callable

import attrs

FIRST_S, LONGEST_S = 1.0, 30.0
"""Doubling from the first to the longest, each shortened at random by up to half, so that many gateways do not return to one broker at one
moment."""


@attrs.define
class _Pause:
    failures: int
    until: float


@attrs.define
class Pauses:
    """Remembers what fails and when it is due again. Names that work take no memory.

    Attributes:
        first_s: seconds after the first failure.
        jitter: a number in [0, 1).
        monotonic: clock in seconds.
    """

    first_s: float = FIRST_S
    jitter: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    _pauses: dict[str, _Pause] = attrs.field(init=False, factory=dict)

    def __bool__(self) -> bool:
        """Whether anything fails."""
        return bool(self._pauses)

    @property
    def names(self) -> list[str]:
        """What fails, sorted."""
        return sorted(self._pauses)

    def due(self, name: str) -> bool:
        """Whether an attempt should be made: it does not fail, or its pause is over."""
        pause = self._pauses.get(name)
        return pause is None or self.monotonic() >= pause.until

    def attempt(self, name: str, seconds: float) -> bool:
        """Like :meth:`due`; of those who ask while a pause is over, one is told yes: the others wait for its outcome, at most ``seconds``
        longer."""
        pause = self._pauses.get(name)
        if pause is None:
            return True
        now = self.monotonic()
        if now < pause.until:
            return False
        pause.until = now + seconds
        return True

    def failed(self, name: str) -> bool:
        """Note a failure; True when it is the first."""
        pause = self._pauses.get(name)
        first = pause is None
        if pause is None:
            pause = self._pauses[name] = _Pause(0, 0.0)
        length = min(LONGEST_S, self.first_s * 2.0 ** min(pause.failures, 16)) * (1 - 0.5 * self.jitter())
        pause.until = self.monotonic() + length
        pause.failures += 1
        return first

    def worked(self, name: str) -> bool:
        """Note that it works; True when it had failed."""
        return self._pauses.pop(name, None) is not None
