"""Role: remember which clients may not log in for a while, for all processes of a machine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class BanList(Protocol):
    """Clients that are banned, by the text that stands for them (an address, or an IPv6 network). Calls do not wait for anything slow."""

    def banned(self, client: str, now: datetime) -> bool:
        """Whether the client is banned now. A list that cannot be read bans nobody."""

    def ban(self, client: str, until: datetime) -> None:
        """Ban a client; a ban that is there is replaced. Never raises: a ban that cannot be kept is logged."""

    def lift(self, client: str) -> bool:
        """End a ban; False when there is none.

        Raises:
            PermanentFailure: the list cannot be changed by this account.
        """

    def bans(self, now: datetime) -> Mapping[str, datetime]:
        """Every ban that lasts, and until when. Forgets those that are over.

        Raises:
            PermanentFailure: the list cannot be read by this account.
        """
