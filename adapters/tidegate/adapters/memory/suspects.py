"""A suspect list that is a value in memory."""

import attrs

from tidegate.domain.ip_ranges import IpRanges


@attrs.define
class MemorySuspectList:
    """Implements :class:`tidegate.ports.suspects.SuspectList`; whoever holds it replaces ``ranges`` to change the list."""

    ranges: IpRanges = attrs.field(factory=IpRanges.nobody)

    def current(self) -> IpRanges:
        """See the port."""
        return self.ranges
