"""Role: tell the wall-clock time."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Returns the present time, aware, in UTC. For dates that people and other systems read; durations are measured elsewhere, monotonically."""
