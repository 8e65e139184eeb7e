"""A DNS server on loopback, UDP and TCP, that answers from a zone and misbehaves as told.

It runs in threads of its own, so that tests with and without an event loop, and servers in other processes, can use it::

    with DnsServer.of({"example.com": [["A", "192.0.2.1"]]}) as server:
        ...  # ask server.address, server.port

``python -m tests.servers.dns_server ZONE.json`` serves a zone file until its standard input ends; it prints address and port first.
"""

import json
import socket
import socketserver
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum, auto
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import attrs
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tidegate.domain.dns import DnsQuery, DnsStatus, MxRecord, RecordType
from tidegate.domain.dns_zone import CNAME, Zone, ZoneRecord

IN = dns.rdataclass.IN
PLAIN_PAYLOAD_BYTES = 512  # RFC 1035 section 4.2.1
BIND_ATTEMPTS = 20


class Fault(Enum):
    """What the server does wrong for one name."""

    SERVFAIL = auto()
    REFUSED = auto()
    SILENCE = auto()
    TRUNCATION = auto()
    """Over UDP, every answer says that it is truncated."""
    TRUNCATION_WITHOUT_TCP = auto()
    """The same, and over TCP the connection is closed without an answer."""
    STRAYS_FIRST = auto()
    """Before the answer come datagrams that are none: broken, with another id, to another question, a question, a truncated one."""
    STRAYS_ONLY = auto()
    """The same without the answer."""
    SHORT_TCP = auto()
    """Truncated over UDP; over TCP the message ends before its announced length."""
    SIGNATURES = auto()
    """With every answer come hundreds of keys and signatures, all of one tag, and chains of hashed names: work for a validator."""


@attrs.frozen
class Asked:
    """One query that arrived."""

    name: str
    type: str
    tcp: bool


@attrs.define(eq=False)
class DnsServer:
    """The server. Attributes may be changed while it runs.

    Attributes:
        zone: what there is.
        ttl: time to live of records, seconds.
        negative_ttl: that of their absence, told by the SOA record; None tells none.
        authenticated: whether answers say that they were validated.
        faults: by name, in lower case.
        asked: the queries so far.
    """

    zone: Zone
    ttl: int = 300
    negative_ttl: int | None = 60
    authenticated: bool = False
    faults: dict[str, Fault] = attrs.field(factory=dict)
    asked: list[Asked] = attrs.field(factory=list)
    address: str = "127.0.0.1"
    port: int = 0
    _servers: list[socketserver.BaseServer] = attrs.field(factory=list, init=False)
    _threads: list[Thread] = attrs.field(factory=list, init=False)

    @classmethod
    def of(cls, content: object) -> Self:
        """A server for the decoded JSON of a zone file."""
        return cls(Zone.parse(content))

    def __enter__(self) -> Self:
        udp, tcp = self._bind()
        self._servers = [udp, tcp]
        self._threads = [Thread(target=server.serve_forever, args=(0.02,), daemon=True) for server in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join(5)
            server.server_close()

    def _bind(self) -> tuple[socketserver.BaseServer, socketserver.BaseServer]:
        """Both transports on one port."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET

        class Udp(socketserver.UDPServer):
            address_family = family
            max_packet_size = 65_535

        class Tcp(socketserver.ThreadingTCPServer):
            address_family = family
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        wanted = self.port
        for attempt in range(BIND_ATTEMPTS):
            udp = Udp((self.address, wanted), self._udp_handler())
            self.port = int(udp.server_address[1])
            try:
                return udp, Tcp((self.address, self.port), self._tcp_handler())
            except OSError:
                udp.server_close()
                if wanted or attempt == BIND_ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _udp_handler(self) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                for reply in server._replies(data, tcp=False):
                    sock.sendto(reply, self.client_address)

        return Handler

    def _tcp_handler(self) -> type[socketserver.BaseRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 5

            def handle(self) -> None:
                with suppress(OSError):
                    length = int.from_bytes(self.rfile.read(2))
                    for reply in server._replies(self.rfile.read(length), tcp=True):
                        self.wfile.write(len(reply).to_bytes(2) + reply)

        return Handler

    def _replies(self, data: bytes, *, tcp: bool) -> Iterator[bytes]:
        """What is sent back, in order."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if len(query.question) != 1:
            return
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(Asked(name, dns.rdatatype.to_text(question.rdtype), tcp))
        fault = self.faults.get(name)
        if fault in (Fault.STRAYS_FIRST, Fault.STRAYS_ONLY) and not tcp:
            yield from _strays(query)
        if fault in (Fault.SILENCE, Fault.STRAYS_ONLY):
            return
        if fault in (Fault.SERVFAIL, Fault.REFUSED):
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.SERVFAIL if fault is Fault.SERVFAIL else dns.rcode.REFUSED)
            yield response.to_wire()
            return
        if fault in (Fault.TRUNCATION, Fault.TRUNCATION_WITHOUT_TCP, Fault.SHORT_TCP) and not tcp:
            yield _truncated(query)
            return
        if fault is Fault.TRUNCATION_WITHOUT_TCP:
            return
        answer = self._answer(query)
        if answer is None:
            return
        if fault is Fault.SIGNATURES:
            _sign(answer)
        wire = answer.to_wire(max_size=65_535)
        if fault is Fault.SHORT_TCP:
            yield wire[:-1]
        elif not tcp and len(wire) > max(PLAIN_PAYLOAD_BYTES, query.payload):
            yield _truncated(query)
        else:
            yield wire

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        """The proper answer; None where the zone says that there is none in time."""
        question = query.question[0]
        response = dns.message.make_response(query, recursion_available=True)
        if self.authenticated:
            response.flags |= dns.flags.AD
        type_text = dns.rdatatype.to_text(question.rdtype)
        name = b".".join(question.name.labels[:-1]).decode("ascii", "replace").lower()
        if type_text not in RecordType.__members__:
            return response
        status, records = self.zone.records(DnsQuery(name, RecordType(type_text)))
        if status is DnsStatus.TEMPERROR and not _is_circle(records):
            return None
        owner = question.name
        for record in records:
            (rdata,) = _rrset(owner, record.type, self.ttl, _wire(record))
            response.find_rrset(response.answer, owner, IN, rdata.rdtype, create=True).add(rdata, self.ttl)
            if record.type == CNAME:
                owner = _name(str(record.data))
        if status is DnsStatus.NXDOMAIN:
            response.set_rcode(dns.rcode.NXDOMAIN)
        if self.negative_ttl is not None and not any(record.type == type_text for record in records):
            numbers = (1, 3600, 600, 86400, self.negative_ttl)  # serial, refresh, retry, expire, minimum
            soa = b"\0\0" + b"".join(number.to_bytes(4) for number in numbers)
            response.authority.append(_rrset(dns.name.root, "SOA", self.negative_ttl, soa))
        return response


def _sign(answer: dns.message.Message) -> None:
    owner = answer.question[0].name
    for number in range(150):
        key, signature = (
            bytes([1, 1, 3, 13]) + number.to_bytes(64),
            bytes([0, 1, 13, 2, 0, 0, 1, 44]) + b"\x7f\xff\xff\xff" + bytes(4) + b"\x30\x39",
        )
        hashed = bytes([1, 0, 255, 255, 8]) + number.to_bytes(8) + b"\x14" + number.to_bytes(20) + bytes([0, 1, 64])
        for place, type_text, wire in (
            (answer.answer, "RRSIG", signature + (owner.to_wire() or b"") + number.to_bytes(64)),
            (answer.additional, "DNSKEY", key),
            (answer.authority, "NSEC3", hashed),
        ):
            place.append(_rrset(owner, type_text, 300, wire))


def _is_circle(records: tuple[ZoneRecord, ...]) -> bool:
    targets = [record.data for record in records]
    return len(set(targets)) < len(targets)


def _truncated(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


def _strays(query: dns.message.Message) -> Iterator[bytes]:
    """Datagrams that are no answer to the query."""
    forged = bytes([203, 0, 113, 66])
    right = dns.message.make_response(query)
    right.answer.append(_rrset(query.question[0].name, "A", 300, forged))
    wire = right.to_wire()
    other = dns.message.make_response(dns.message.make_query("forged.example", "A", id=query.id))
    other.answer.append(_rrset(dns.name.from_text("forged.example."), "A", 300, forged))
    yield b""
    yield wire[:11]
    yield (query.id ^ 1).to_bytes(2) + wire[2:]
    yield wire[:2] + bytes([wire[2] & 0x7F]) + wire[3:]  # not a response
    yield wire[:-3]
    yield wire[:2] + bytes([wire[2] | 0x78]) + wire[3:]  # another opcode
    yield other.to_wire()
    yield wire[:12] + b"\xc0\x0c" + wire[14:]  # a compression pointer to itself
    yield (query.id ^ 1).to_bytes(2) + _truncated(query)[2:]


def _wire(record: ZoneRecord) -> bytes:
    """Data of one record as RFC 1035 section 3.3 has it."""
    match record.type, record.data:
        case "A" | "AAAA", str(address):
            return ip_address(address).packed
        case "CNAME" | "PTR", str(target):
            return _name(target).to_wire() or b""
        case "TXT", tuple(strings):
            chunks = [string[start : start + 255] for string in strings for start in range(0, max(1, len(string)), 255)]
            return b"".join(bytes([len(chunk)]) + chunk for chunk in chunks or [b""])
        case "MX", MxRecord(preference=preference, exchange=exchange):
            return preference.to_bytes(2) + (_name(exchange).to_wire() or b"")
    raise AssertionError(record)


def _rrset(owner: dns.name.Name, type_text: str, ttl: int, wire: bytes) -> dns.rrset.RRset:
    return dns.rrset.from_rdata(owner, ttl, dns.rdata.from_wire(IN, dns.rdatatype.from_text(type_text), wire, 0, len(wire)))


def _name(text: str) -> dns.name.Name:
    labels = text.encode("utf-8", "replace").split(b".") if text else []
    return dns.name.Name([*labels, b""])


def main(path: str) -> None:
    """Serve one zone file."""
    with DnsServer.of(json.loads(Path(path).read_text("utf-8"))) as server:
        print(server.address, server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
