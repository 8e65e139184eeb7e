"""Role: know the host name of the MTA on each local address (the managed list behind the document's host name rule)."""

from typing import Protocol


class MtaNames(Protocol):
    """The managed list of MTA names."""

    def name_of(self, local_ip: str) -> str | None:
        """The name for a local address (canonical text), or None when no MTA has it.

        Asked for every connection: never blocks, never raises. When the place where the list is kept cannot be reached, the last known list
        stays in force. Names are not checked here.
        """
