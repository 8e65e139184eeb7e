"""A suspect list that is a value in memory."""

import attrs

from tidegate.domain.ip_ranges import IpRanges


@attrs.define
class MemorySuspectList:
    """Implements :class:`tidegate.ports.suspects.SuspectList`; whoever holds it replaces ``ranges`` to change the list.

    Attributes:
        ranges: the list.
        hits: refused connections by address.
    """

    ranges: IpRanges = attrs.field(factory=IpRanges.nobody)
    hits: dict[str, int] = attrs.field(factory=dict)

    def current(self) -> IpRanges:
        """See the port."""
        return self.ranges

    def refused(self, ip: str) -> None:
        """See the port."""
        self.hits[ip] = self.hits.get(ip, 0) + 1
