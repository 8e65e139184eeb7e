"""A DNS in a table, for every test of the checks."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType

Zone = Mapping[str, Sequence[Sequence[object]]]
Answering = Callable[[DnsQuery], DnsAnswer]

MAX_CNAMES = 8


@attrs.define
class TableDns:
    """Answers from a zone as the test material spells it: ``{name: [[TYPE, data], …]}``, names in lower case.

    ``["TIMEOUT"]`` times out every query that no earlier record of the name answers, ``[TYPE, "TIMEOUT"]`` that type; an absent name does not
    exist. ``asked`` keeps the queries.
    """

    zone: Zone
    asked: list[DnsQuery] = attrs.Factory(list)

    def __call__(self, query: DnsQuery) -> DnsAnswer:
        self.asked.append(query)
        name = query.name.lower()
        for _ in range(MAX_CNAMES):
            if name not in self.zone:
                return DnsAnswer(DnsStatus.NXDOMAIN)
            found: list[object] = []
            alias = None
            for record in self.zone[name]:
                if record[0] == "TIMEOUT":
                    if not found:
                        return DnsAnswer(DnsStatus.TEMPERROR)
                elif record[0] == query.type:
                    if record[1] == "TIMEOUT":
                        return DnsAnswer(DnsStatus.TEMPERROR)
                    found.append(record[1])
                elif record[0] == "CNAME":
                    alias = str(record[1]).lower().rstrip(".")
            if found or alias is None:
                return _answer(query.type, found)
            name = alias
        return DnsAnswer(DnsStatus.TEMPERROR)


def _answer(record_type: RecordType, found: list[object]) -> DnsAnswer:
    match record_type:
        case RecordType.TXT:
            return DnsAnswer(DnsStatus.NOERROR, texts=tuple(_text(strings) for strings in found))
        case RecordType.MX:
            return DnsAnswer(DnsStatus.NOERROR, exchanges=tuple(_exchange(data) for data in found))
        case RecordType.PTR:
            return DnsAnswer(DnsStatus.NOERROR, names=tuple(str(name).rstrip(".") for name in found))
        case _:
            return DnsAnswer(DnsStatus.NOERROR, addresses=tuple(map(str, found)))


def _text(strings: object) -> bytes:
    assert isinstance(strings, list)
    return "".join(strings).encode()


def _exchange(data: object) -> MxRecord:
    assert isinstance(data, list)
    return MxRecord(int(data[0]), str(data[1]).rstrip("."))


@pytest.fixture
def dns_of() -> Callable[[Zone], TableDns]:
    """Makes a DNS of a zone."""
    return TableDns
