"""DNS data from a file, for checks that must not depend on the world: ``{name: [[TYPE, data], …]}``.

Names are in lower case. Data is text for A, AAAA, PTR and CNAME, a list of the record's character-strings for TXT, ``[preference, host]`` for
MX; other types may be there and answer nothing. ``["TIMEOUT"]`` lets every query time out that no earlier record of the name answers,
``[TYPE, "TIMEOUT"]`` those for that type. A name that is absent does not exist.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Self

import attrs

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType
from tidegate.domain.dns_name import can_exist

MAX_CNAMES = 16
"""Length of a chain of aliases; beyond, and in a circle, nobody gets an answer."""

TIMEOUT = "TIMEOUT"
CNAME = "CNAME"

Data = str | tuple[bytes, ...] | MxRecord


@attrs.frozen
class ZoneRecord:
    """One record. ``type`` is TIMEOUT, or a type's name; ``data`` is None where there is none to use: TIMEOUT, and types nobody asks for."""

    type: str
    data: Data | None
    times_out: bool = False


@attrs.frozen
class Zone:
    """All there is to know in this DNS."""

    names: Mapping[str, tuple[ZoneRecord, ...]]

    @classmethod
    def parse(cls, content: object) -> Self:
        """Read the decoded JSON of a zone file.

        Raises:
            ValueError: the content has another shape; ``args[0]`` names the name and the record.
        """
        if not isinstance(content, Mapping):
            raise ValueError("a zone is an object whose keys are names")
        names: dict[str, tuple[ZoneRecord, ...]] = {}
        for name, records in content.items():
            if not isinstance(name, str) or name != name.lower():
                raise ValueError(f"{name!r}: a name is text in lower case")
            if isinstance(records, str) or not isinstance(records, Sequence):
                raise ValueError(f"{name}: its records are not a list")
            try:
                names[name.removesuffix(".")] = tuple(map(_parse_record, records))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return cls(names)

    def records(self, query: DnsQuery) -> tuple[DnsStatus, tuple[ZoneRecord, ...]]:
        """The aliases on the way and the records that answer, in order."""
        path: list[ZoneRecord] = []
        name = query.name.lower()
        while len(path) <= MAX_CNAMES:
            if not can_exist(name) or name not in self.names:
                return DnsStatus.NXDOMAIN, tuple(path)
            found = self._of_name(name, query.type)
            if found is None:
                return DnsStatus.TEMPERROR, tuple(path)
            if not found or found[0].type != CNAME:
                return DnsStatus.NOERROR, (*path, *found)
            path.append(found[0])
            name = str(found[0].data).lower()
        return DnsStatus.TEMPERROR, tuple(path)

    def answer(self, query: DnsQuery) -> DnsAnswer:
        """The answer to one query. What times out is TEMPERROR."""
        status, records = self.records(query)
        if status is not DnsStatus.NOERROR:
            return DnsAnswer(status)
        found = [record.data for record in records if record.type == query.type]
        return DnsAnswer(
            status,
            addresses=tuple(data for data in found if isinstance(data, str)) if query.type in (RecordType.A, RecordType.AAAA) else (),
            texts=tuple(b"".join(data) for data in found if isinstance(data, tuple)),
            exchanges=tuple(data for data in found if isinstance(data, MxRecord)),
            names=tuple(data for data in found if isinstance(data, str)) if query.type is RecordType.PTR else (),
        )

    def _of_name(self, name: str, wanted: RecordType) -> tuple[ZoneRecord, ...] | None:
        """The records of one name that answer, else its alias alone, else nothing; None when the query times out."""
        found: list[ZoneRecord] = []
        alias: list[ZoneRecord] = []
        for record in self.names[name]:
            if record.type == TIMEOUT:
                return tuple(found) or tuple(alias) or None
            if record.type == wanted:
                if record.times_out:
                    return None
                found.append(record)
            elif record.type == CNAME and not record.times_out:
                alias.append(record)
        return tuple(found) or tuple(alias[:1])


def _parse_record(item: object) -> ZoneRecord:
    if isinstance(item, str) or not isinstance(item, Sequence) or not item or not isinstance(item[0], str):
        raise ValueError(f"{item!r} is not a list that begins with a type")
    type_, *rest = item
    if type_ == TIMEOUT and not rest:
        return ZoneRecord(TIMEOUT, None)
    if len(rest) != 1:
        raise ValueError(f"{item!r} is not a type and its data")
    if rest[0] == TIMEOUT:
        return ZoneRecord(type_, None, times_out=True)
    try:
        return ZoneRecord(type_, _parse_data(type_, rest[0]))
    except (TypeError, ValueError):
        raise ValueError(f"{item!r} has data that is not of its type") from None


def _parse_data(type_: str, data: object) -> Data | None:
    match type_:
        case "A":
            return str(IPv4Address(_text(data)))
        case "AAAA":
            return str(IPv6Address(_text(data)))
        case "PTR" | "CNAME":
            return _text(data).removesuffix(".")
        case "TXT":
            if isinstance(data, str) or not isinstance(data, Sequence):
                raise TypeError
            return tuple(_text(string).encode() for string in data)
        case "MX":
            if isinstance(data, str) or not isinstance(data, Sequence) or len(data) != 2 or not isinstance(data[0], int):
                raise TypeError
            return MxRecord(data[0], _text(data[1]).removesuffix("."))
        case _:
            return None


def _text(data: object) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data
