"""Lists of IP ranges as the config file spells them: ``192.168.0.0/16;127.0.0.1;10.0.0.1-10.0.0.9;2001:db8::/32``.

Parsed once into sorted, merged integer spans, one pair of arrays per family, so that a test is one binary search: a hundred thousand ranges
cost a connection what one range costs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import NamedTuple, Self

import attrs

from tidegate.domain.ip_address import IpAddress, is_ipv4, parse, unmapped

_IPV4_MAX = 2**32 - 1
_IPV6_MAX = 2**128 - 1
_MAPPED_PREFIX = 96  # ::ffff:0:0/96, RFC 4291 section 2.5.5.2
_SHOWN_ITEM_CHARS = 80  # an item in an error message; the longest valid one has 79 characters (two IPv6 addresses)
_SHOWN_REPR_CHARS = 80

_is_prefix = re.compile(r"[0-9]{1,3}").fullmatch


class _Span(NamedTuple):
    """First and last address of one family, as integers, both inclusive."""

    first: int
    last: int


@attrs.frozen
class _Spans:
    """Sorted spans that neither overlap nor touch; ``firsts[i]`` and ``lasts[i]`` belong together."""

    firsts: tuple[int, ...] = ()
    lasts: tuple[int, ...] = ()

    @classmethod
    def merged(cls, spans: Iterable[_Span]) -> Self:
        firsts: list[int] = []
        lasts: list[int] = []
        for first, last in sorted(spans):
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(lasts[-1], last)
            else:
                firsts.append(first)
                lasts.append(last)
        return cls(tuple(firsts), tuple(lasts))

    def intersection(self, other: Self) -> Self:
        """Numbers in both; linear."""
        firsts: list[int] = []
        lasts: list[int] = []
        mine, theirs = 0, 0
        while mine < len(self.firsts) and theirs < len(other.firsts):
            first, last = max(self.firsts[mine], other.firsts[theirs]), min(self.lasts[mine], other.lasts[theirs])
            if first <= last:
                firsts.append(first)
                lasts.append(last)
            if self.lasts[mine] < other.lasts[theirs]:
                mine += 1
            else:
                theirs += 1
        return type(self)(tuple(firsts), tuple(lasts))

    def complement(self, greatest: int) -> Self:
        """Numbers from 0 to ``greatest`` that are not in here; linear."""
        gaps = zip((0, *(last + 1 for last in self.lasts)), (*(first - 1 for first in self.firsts), greatest), strict=True)
        spans = [(first, last) for first, last in gaps if first <= last]
        return type(self)(tuple(first for first, _ in spans), tuple(last for _, last in spans))


@attrs.frozen(repr=False)
class IpRanges:
    """A set of IP addresses, given by ranges. Made by :meth:`parse`, :meth:`nobody` and :meth:`everything`.

    Two values are equal when they hold the same addresses. IPv4 and IPv6 are separate: ``::/0`` holds no IPv4 address, because IPv4-mapped
    addresses are unmapped before any test.
    """

    _v4: _Spans = _Spans()
    _v6: _Spans = _Spans()
    _empty: bool = attrs.field(
        init=False, eq=False, default=attrs.Factory(lambda self: not (self._v4.firsts or self._v6.firsts), takes_self=True)
    )

    @classmethod
    def nobody(cls) -> Self:
        """No address at all."""
        return cls()

    @classmethod
    def everything(cls) -> Self:
        """Every IPv4 and every IPv6 address."""
        return cls(_Spans((0,), (_IPV4_MAX,)), _Spans((0,), (_IPV6_MAX,)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a list: addresses, CIDR networks and ``first-last``, separated by semicolons, spaces around items allowed.

        Blank text is nobody. IPv4-mapped addresses and networks count as IPv4 (``::ffff:10.0.0.0/104`` is ``10.0.0.0/8``).

        Raises:
            ValueError: an item is empty, not an address or network, has host bits set or a zone id, mixes families or ends before it begins.
                ``args[0]`` names the item and what is wrong with it.
        """
        if not text or text.isspace():
            return cls.nobody()
        v4: list[_Span] = []
        v6: list[_Span] = []
        for position, item in enumerate(text.split(";"), start=1):
            item = item.strip()
            if not item:
                raise ValueError(f"item {position} is empty: a semicolon too many")
            try:
                version, span = _parse_item(item)
            except ValueError as error:
                shown = item if len(item) <= _SHOWN_ITEM_CHARS else item[:_SHOWN_ITEM_CHARS] + "…"
                raise ValueError(f"item {position}, {shown!r}: {error}") from None
            (v4 if version == 4 else v6).append(span)
        return cls(_Spans.merged(v4), _Spans.merged(v6))

    def __contains__(self, address: str | IpAddress) -> bool:
        """Whether the address is in one of the ranges; an IPv4-mapped one is unmapped first.

        Raises:
            ValueError: text that is not an address, unless no address is in here.
        """
        if self._empty:
            return False
        version, number = _numbered(address)
        spans = self._v4 if version == 4 else self._v6
        index = bisect_right(spans.firsts, number) - 1
        return index >= 0 and number <= spans.lasts[index]

    def __and__(self, other: Self) -> Self:
        """Addresses in both."""
        return type(self)(self._v4.intersection(other._v4), self._v6.intersection(other._v6))

    def __sub__(self, other: Self) -> Self:
        """Addresses in here and not in ``other``."""
        return self & type(self)(other._v4.complement(_IPV4_MAX), other._v6.complement(_IPV6_MAX))

    def __bool__(self) -> bool:
        """False for nobody."""
        return not self._empty

    def __str__(self) -> str:
        """The shortest list of merged ranges, IPv4 first; :meth:`parse` reads it back to an equal value."""
        return ";".join([*map(_show_v4, self._v4.firsts, self._v4.lasts), *map(_show_v6, self._v6.firsts, self._v6.lasts)])

    def __repr__(self) -> str:
        text = str(self)
        return f"IpRanges({text if len(text) <= _SHOWN_REPR_CHARS else text[:_SHOWN_REPR_CHARS] + '…'!r})"


@lru_cache(maxsize=8192)  # a connection is held against half a dozen lists, and clients come again
def _numbered(address: str | IpAddress) -> tuple[int, int]:
    """Family and number of an address, unmapped."""
    if isinstance(address, str):
        if is_ipv4(address):
            a, b, c, d = address.split(".")
            return 4, int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)
        address = parse(address)
    address = unmapped(address)
    return address.version, int(address)


def _parse_item(item: str) -> tuple[int, _Span]:
    """The family (4 or 6) and span of one item that is not empty."""
    if "/" in item:
        return _parse_network(item)
    if "-" in item:
        first, last = (_parse_address(part.strip()) for part in item.split("-", 1))
        if first.version != last.version:
            raise ValueError("begins and ends in different address families")
        if int(last) < int(first):
            raise ValueError("ends before it begins")
        return first.version, _Span(int(first), int(last))
    address = _parse_address(item)
    return address.version, _Span(int(address), int(address))


def _parse_network(item: str) -> tuple[int, _Span]:
    base, prefix_text = item.split("/", 1)
    if "-" in base:
        raise ValueError("is both a network and a range")
    raw_is_v6 = ":" in base
    address = _parse_address(base)
    bits = 128 if raw_is_v6 else 32
    if not _is_prefix(prefix_text) or int(prefix_text) > bits:
        raise ValueError(f"the prefix length is not a number from 0 to {bits}")
    prefix = int(prefix_text)
    if raw_is_v6 and address.version == 4:
        if prefix < _MAPPED_PREFIX:
            raise ValueError(f"has host bits set: an IPv4-mapped network has a prefix length of at least {_MAPPED_PREFIX}")
        prefix, bits = prefix - _MAPPED_PREFIX, 32
    first = int(address)
    hosts = (1 << (bits - prefix)) - 1
    if first & hosts:
        network = type(address)(first & ~hosts)
        raise ValueError(f"has host bits set: write {network}/{prefix} for the network or {address} for the one address")
    return address.version, _Span(first, first | hosts)


def _parse_address(text: str) -> IpAddress:
    try:
        return parse(text)
    except ValueError:
        if "%" in text:
            raise ValueError("a zone id has no meaning here") from None
        raise ValueError("is not an IP address, a network or a range first-last" if text else "lacks an address") from None


def _show_v4(first: int, last: int) -> str:
    return _show(IPv4Address(first), IPv4Address(last))


def _show_v6(first: int, last: int) -> str:
    start, end = IPv6Address(first), IPv6Address(last)
    if end.ipv4_mapped is not None:
        # Such an end comes from a network that holds all of ::ffff:0:0/96. As text it would be read as IPv4: networks say the same.
        return ";".join(map(str, summarize_address_range(start, end)))
    return _show(start, end)


def _show(first: IpAddress, last: IpAddress) -> str:
    low, high = int(first), int(last)
    if low == high:
        return str(first)
    size = high - low + 1
    if size & (size - 1) == 0 and low % size == 0:
        return f"{first}/{first.max_prefixlen - size.bit_length() + 1}"
    return f"{first}-{last}"
