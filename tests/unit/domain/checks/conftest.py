"""A DNS in a table, for every test of the checks."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.dns_zone import Zone


@attrs.define
class TableDns:
    """Answers from a zone; ``asked`` keeps the queries."""

    zone: Zone
    asked: list[DnsQuery] = attrs.Factory(list)

    def __call__(self, query: DnsQuery) -> DnsAnswer:
        self.asked.append(query)
        return self.zone.answer(query)


@pytest.fixture
def dns_of() -> Callable[[Mapping[str, Sequence[Sequence[object]]]], TableDns]:
    """Makes a DNS of what a zone file holds."""
    return lambda content: TableDns(Zone.parse(content))
