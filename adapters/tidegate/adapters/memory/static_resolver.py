"""A resolver whose answers are data."""

from typing import Self

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.dns_name import can_exist
from tidegate.domain.dns_zone import Zone


@attrs.define
class StaticResolver:
    """Implements :class:`tidegate.ports.resolver.Resolver` from a zone; time-outs are told at once.

    Attributes:
        zone: all there is.
        asked: the queries so far, in order, those that were not worth asking left out.
    """

    zone: Zone
    asked: list[DnsQuery] = attrs.field(factory=list)

    @classmethod
    def of(cls, content: object) -> Self:
        """Make one from the decoded JSON of a zone file (:meth:`Zone.parse`, with its errors)."""
        return cls(Zone.parse(content))

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """See the port."""
        if can_exist(query.name):
            self.asked.append(query)
        return self.zone.answer(query)
