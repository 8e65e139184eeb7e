"""One question to one name server, over UDP and, when the answer does not fit, TCP (RFC 1035 section 4.2, RFC 7766)."""

import asyncio
import socket

import dns.exception
import dns.flags
import dns.message

from tidegate.domain.nameserver import Nameserver

MAX_DATAGRAM_BYTES = 65_535
MAX_STRAY_DATAGRAMS = 100
"""Datagrams that are no answer to the question, before the server is given up. They come late from a former question, or from somebody who
guesses; each costs parsing."""
MAX_RECORDS = 512
"""Records in one message. Parsing costs some 25 µs for each, and a domain of an attacker's may publish the 4,000 that fit into a TCP message.
Only pointers of shared addresses come near, and of those ten count (RFC 7208 section 4.6.4)."""

_HEADER_BYTES = 12
_TRUNCATED = 0x02  # TC, in the third byte


class NoAnswer(Exception):
    """The server was not reached, or what came was no answer. ``args[0]`` says what happened."""


async def ask(question: dns.message.QueryMessage, server: Nameserver) -> dns.message.QueryMessage:
    """Send a question and wait for its answer, as long as the caller lets it.

    The socket is new, connected (so that datagrams from elsewhere do not arrive, and a closed port is told at once) and on a port that the
    kernel chose at random. Of what arrives, everything that is not the answer is passed over: one forged or broken datagram must not end the
    waiting.

    Raises:
        NoAnswer: see there.
    """
    wire = question.to_wire()
    try:
        answer = await _ask_udp(question, wire, server)
        return answer if answer is not None else await _ask_tcp(question, wire, server)
    except (OSError, EOFError) as error:
        raise NoAnswer(f"{server.address}: {error or type(error).__name__}") from error


async def _ask_udp(question: dns.message.QueryMessage, wire: bytes, server: Nameserver) -> dns.message.QueryMessage | None:
    """The answer, or None when it is truncated."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(False)
        sock.connect((server.address, server.port))
        sock.send(wire)
        for _ in range(MAX_STRAY_DATAGRAMS):
            data = await loop.sock_recv(sock, MAX_DATAGRAM_BYTES)
            if len(data) < _HEADER_BYTES or data[:2] != wire[:2]:
                continue
            truncated = bool(data[2] & _TRUNCATED)
            answer = _read(question, data, question_only=truncated)
            if answer is not None:
                return None if truncated else answer
    raise NoAnswer(f"{server.address}: {MAX_STRAY_DATAGRAMS} datagrams, none of them the answer")


async def _ask_tcp(question: dns.message.QueryMessage, wire: bytes, server: Nameserver) -> dns.message.QueryMessage:
    reader, writer = await asyncio.open_connection(server.address, server.port)
    try:
        writer.write(len(wire).to_bytes(2) + wire)
        length = int.from_bytes(await reader.readexactly(2))
        answer = _read(question, await reader.readexactly(length), question_only=False)
    finally:
        writer.close()
    if answer is None or answer.flags & dns.flags.TC:
        raise NoAnswer(f"{server.address}: no answer over TCP")
    return answer


def _read(question: dns.message.QueryMessage, data: bytes, *, question_only: bool) -> dns.message.QueryMessage | None:
    """Parse a message; None when it is broken, too long or answers something else."""
    counts = data[6:_HEADER_BYTES]
    if sum(int.from_bytes(counts[start : start + 2]) for start in (0, 2, 4)) > MAX_RECORDS:
        return None
    try:
        answer = dns.message.from_wire(data, question_only=question_only)
    except Exception:  # bytes of a stranger: whatever the parser trips over, they are no answer
        return None
    if not isinstance(answer, dns.message.QueryMessage) or not question.is_response(answer):
        return None
    return answer
