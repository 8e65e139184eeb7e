"""Role: tell the wall-clock time."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present time, aware, in UTC. For dates that people and other systems read; durations are measured elsewhere, monotonically."""

Milliseconds = Callable[[], int]
"""Returns the present time in whole milliseconds since 1970 in UTC, leap seconds not counted: what is asked for every message. To make a
``datetime`` and to get its milliseconds out of it costs several times as much."""
