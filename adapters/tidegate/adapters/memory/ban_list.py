"""Bans in memory."""

from collections.abc import Mapping
from datetime import datetime

import attrs


@attrs.define
class MemoryBanList:
    """Plays :class:`tidegate.ports.ban_list.BanList` for one process."""

    _until: dict[str, datetime] = attrs.field(factory=dict, init=False)

    def banned(self, client: str, now: datetime) -> bool:
        """By the table."""
        until = self._until.get(client)
        return until is not None and until > now

    def ban(self, client: str, until: datetime) -> None:
        """Into the table."""
        self._until[client] = until

    def lift(self, client: str) -> bool:
        """Out of the table."""
        return self._until.pop(client, None) is not None

    def bans(self, now: datetime) -> Mapping[str, datetime]:
        """What is left."""
        self._until = {client: until for client, until in self._until.items() if until > now}
        return dict(sorted(self._until.items()))
