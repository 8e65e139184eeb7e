"""Role: know the addresses that are suspected of abuse (``smtp-protection``)."""

from typing import Protocol

from tidegate.domain.ip_ranges import IpRanges


class SuspectList(Protocol):
    """The managed list of suspect addresses."""

    def current(self) -> IpRanges:
        """The list of this moment, as an immutable value.

        Asked for every connection: never blocks, never raises, costs no more than reading an attribute. When the place where the list is kept
        cannot be reached, the last known list stays in force. Expired entries may be in it for as long as the implementation's reload interval.
        """

    def refused(self, ip: str) -> None:
        """A connection from this address (canonical text) was refused because it is on the list. Never blocks, never raises."""
