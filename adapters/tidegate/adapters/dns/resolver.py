"""Answers DNS queries through recursive resolvers, which do the iteration, the validation and most of the caching."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

import attrs
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT

from tidegate.adapters.dns.cache import AnswerCache
from tidegate.adapters.dns.exchange import NoAnswer, ask
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType
from tidegate.domain.dns_name import can_exist
from tidegate.domain.nameserver import Nameserver

MAX_IN_FLIGHT = 256
"""Look-ups at a time, each with a socket of its own. More wait for a place."""
UDP_PAYLOAD_BYTES = 1232  # fits one packet on every path (DNS flag day 2020); larger answers come over TCP

_TEMPERROR = DnsAnswer(DnsStatus.TEMPERROR)
_NXDOMAIN = DnsAnswer(DnsStatus.NXDOMAIN)


@attrs.define(eq=False)
class DnspythonResolver:
    """Implements :class:`tidegate.ports.resolver.Resolver`, for one event loop.

    A look-up ends within ``timeout_s * (attempts + 1)``, the first of which is the most it waits for a place. Equal queries under way at the
    same time are one. What was answered is kept for the time its records allow, failures for some seconds.

    Attributes:
        nameservers: at least one. A server that fails is left for the next one, which is then asked first until it fails too.
        timeout_s: how long one try may take, TCP included.
        attempts: tries per look-up.
        min_ttl_s: how long an answer is kept at least.
        max_in_flight: look-ups at a time.
        monotonic_s: tells durations.
    """

    nameservers: Sequence[Nameserver] = attrs.field(validator=attrs.validators.min_len(1))
    timeout_s: float = 5.0
    attempts: int = 3
    min_ttl_s: float = 0.0
    max_in_flight: int = MAX_IN_FLIGHT
    monotonic_s: Callable[[], float] = time.monotonic
    _cache: AnswerCache = attrs.field(
        init=False, default=attrs.Factory(lambda self: AnswerCache(self.min_ttl_s, self.monotonic_s), takes_self=True)
    )
    _under_way: dict[DnsQuery, asyncio.Task[DnsAnswer]] = attrs.field(init=False, factory=dict)
    _free: asyncio.Semaphore = attrs.field(
        init=False, default=attrs.Factory(lambda self: asyncio.Semaphore(self.max_in_flight), takes_self=True)
    )
    _first: int = attrs.field(init=False, default=0)

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """See the port."""
        if not can_exist(query.name):
            return _NXDOMAIN
        query = DnsQuery(query.name.lower(), query.type)
        known = self._cache.get(query)
        if known is not None:
            return known
        task = self._under_way.get(query)
        if task is None:
            task = self._under_way[query] = asyncio.create_task(self._look_up(query))
            task.add_done_callback(lambda _: self._under_way.pop(query, None))
        # Somebody else may wait for the same answer, and the next one finds it in the cache: a caller that gives up ends its own wait alone.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End all look-ups under way; their callers are cancelled."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, query: DnsQuery) -> DnsAnswer:
        """Wait for a place, ask, remember."""
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._free.acquire()
        except TimeoutError:
            # Too many other look-ups: that says nothing about this name.
            return _TEMPERROR
        try:
            answer, ttl_s = await self._ask_in_turn(query)
        finally:
            self._free.release()
        self._cache.put(query, answer, ttl_s)
        return answer

    async def _ask_in_turn(self, query: DnsQuery) -> tuple[DnsAnswer, float]:
        """Try server after server; the answer and how long it may be kept."""
        for _ in range(self.attempts):
            number = self._first
            server = self.nameservers[number % len(self.nameservers)]
            try:
                async with asyncio.timeout(self.timeout_s):
                    return _answer_of(await ask(_question(query), server), query.type, server)
            except (TimeoutError, NoAnswer, dns.exception.DNSException):
                # One step for all look-ups that found the same server failing.
                self._first = max(self._first, number + 1)
        return _TEMPERROR, 0


def _question(query: DnsQuery) -> dns.message.QueryMessage:
    """A question that asks for recursion, and whether the answer was validated (RFC 6840 section 5.7)."""
    # By labels: as text, backslashes and a lone @ would mean something.
    name = dns.name.Name([label.encode("ascii") for label in query.name.split(".")] + [b""])
    return dns.message.make_query(name, query.type.value, use_edns=0, payload=UDP_PAYLOAD_BYTES, flags=dns.flags.RD | dns.flags.AD)


def _answer_of(message: dns.message.QueryMessage, record_type: RecordType, server: Nameserver) -> tuple[DnsAnswer, float]:
    """Read an answer and its time to live, CNAMEs followed (at most 16), the time of negative ones taken from the SOA record (RFC 2308).

    Raises:
        NoAnswer: the server could not answer.
        dns.exception.DNSException: the answer contradicts itself, or its CNAMEs go on and on.
    """
    rcode = message.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise NoAnswer(f"{server.address}: {dns.rcode.to_text(rcode)}")
    chain = message.resolve_chaining()
    authenticated = server.trusted and bool(message.flags & dns.flags.AD)
    if rcode == dns.rcode.NXDOMAIN:
        return attrs.evolve(_NXDOMAIN, authenticated=authenticated), chain.minimum_ttl
    return _records(record_type, chain.answer or (), authenticated), chain.minimum_ttl


def _records(record_type: RecordType, found: Iterable[dns.rdata.Rdata], authenticated: bool) -> DnsAnswer:
    match record_type:
        case RecordType.A | RecordType.AAAA:
            addresses = tuple(str(ip_address(rdata.to_text())) for rdata in found)
            return DnsAnswer(DnsStatus.NOERROR, addresses=addresses, authenticated=authenticated)
        case RecordType.TXT:
            texts = tuple(b"".join(rdata.strings) for rdata in found if isinstance(rdata, TXT))
            return DnsAnswer(DnsStatus.NOERROR, texts=texts, authenticated=authenticated)
        case RecordType.MX:
            exchanges = tuple(MxRecord(rdata.preference, _text(rdata.exchange)) for rdata in found if isinstance(rdata, MX))
            return DnsAnswer(DnsStatus.NOERROR, exchanges=exchanges, authenticated=authenticated)
        case RecordType.PTR:
            names = tuple(_text(rdata.target) for rdata in found if isinstance(rdata, PTR))
            return DnsAnswer(DnsStatus.NOERROR, names=names, authenticated=authenticated)


def _text(name: dns.name.Name) -> str:
    """A name without its last dot, the root as nothing; bytes outside ASCII and dots within labels escaped."""
    return "" if name == dns.name.root else name.to_text(omit_final_dot=True)
