"""RADIUS servers that are silent, forged or broken, and what they are asked."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from itertools import pairwise
from operator import xor
from typing import Any

import pytest
from tests.integration.auth.peers import BOB
from tests.servers.freeradius import SECRET

from tidegate.adapters.auth.radius import RadiusAuthenticator
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import check_unavailable

pytestmark = pytest.mark.integration


class RadiusPeer(asyncio.DatagramProtocol):
    """Answers by a function of the request; counts."""

    def __init__(self, answer: Callable[[bytes, int], list[bytes]]) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer."""
        self.requests.append(data)
        for reply in self.answer(data, len(self.requests)):
            self.transport.sendto(reply, addr)


def radius_reply(
    request: bytes,
    code: int = 2,
    *,
    signed: bool = True,
    identifier: int | None = None,
    secret: bytes = SECRET.encode(),
    attributes: bytes = b"",
) -> bytes:
    """A reply of RFC 2865 section 3, with Message-Authenticator (RFC 3579 section 3.2) when signed."""
    number = request[1] if identifier is None else identifier
    body = (b"\x50\x12" + bytes(16) if signed else b"") + attributes
    head = bytes([code, number]) + (20 + len(body)).to_bytes(2, "big")
    if signed:
        body = b"\x50\x12" + hmac.new(secret, head + request[4:20] + body, hashlib.md5).digest() + attributes
    return head + hashlib.md5(head + request[4:20] + body + secret).digest() + body


RADIUS: dict[str, tuple[Callable[[bytes, int], list[bytes]], AuthVerdict]] = {
    "signed accept": (lambda request, _: [radius_reply(request)], AuthVerdict.ACCEPTED),
    "signed reject": (lambda request, _: [radius_reply(request, 3)], AuthVerdict.REFUSED),
    "accept without Message-Authenticator (AB07)": (lambda request, _: [radius_reply(request, signed=False)], AuthVerdict.UNAVAILABLE),
    "reject without Message-Authenticator": (lambda request, _: [radius_reply(request, 3, signed=False)], AuthVerdict.UNAVAILABLE),
    "forged, then the real one (AB08)": (
        lambda request, _: [radius_reply(request, signed=False), radius_reply(request, 3)],
        AuthVerdict.REFUSED,
    ),
    "wrong identifier (AB08)": (lambda request, _: [radius_reply(request, identifier=request[1] ^ 1)], AuthVerdict.UNAVAILABLE),
    "wrong secret (AB08)": (lambda request, _: [radius_reply(request, secret=b"other")], AuthVerdict.UNAVAILABLE),
    "truncated (AB08)": (lambda request, _: [radius_reply(request)[:-1], b"", b"\x02"], AuthVerdict.UNAVAILABLE),
    "attribute of length 0 (AB08)": (lambda request, _: [radius_reply(request, attributes=b"\x12\x00")], AuthVerdict.UNAVAILABLE),
    "attribute that overruns (AB08)": (
        lambda request, _: [radius_reply(request, attributes=b"\x12\xffx")],
        AuthVerdict.UNAVAILABLE,
    ),
    "longer than 4,096 octets (AB08)": (
        lambda request, _: [radius_reply(request, attributes=(b"\x12\xff" + b"x" * 253) * 16)],
        AuthVerdict.UNAVAILABLE,
    ),
    "attributes up to the end": (lambda request, _: [radius_reply(request, attributes=b"\x12\x02\x12\x03x")], AuthVerdict.ACCEPTED),
    "only to the third try (AB11)": (lambda request, tries: [radius_reply(request)] if tries == 3 else [], AuthVerdict.ACCEPTED),
    "never (AB11)": (lambda request, _: [], AuthVerdict.UNAVAILABLE),
    "challenge (AB10)": (lambda request, _: [radius_reply(request, 11)], AuthVerdict.REFUSED),
    "another code": (lambda request, _: [radius_reply(request, 5)], AuthVerdict.UNAVAILABLE),
}


@pytest.mark.parametrize("name", RADIUS)
async def test_radius_peers(name: str) -> None:
    """What is not signed has not come; three tries are the same request."""
    answer, expected = RADIUS[name]
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(lambda: RadiusPeer(answer), local_addr=("127.0.0.1", 0))
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 3, 0.3)
        assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected
        assert len(set(peer.requests)) == 1
        assert peer.requests[0][20:22] == b"\x50\x12", "Message-Authenticator comes first"
    finally:
        transport.close()


async def test_radius_replies_from_elsewhere() -> None:
    """AB08: what comes from another port than the server's is not heard, however well it is signed."""
    loop = asyncio.get_running_loop()
    elsewhere, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))

    class Elsewhere(RadiusPeer):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            elsewhere.sendto(radius_reply(data), addr)
            super().datagram_received(data, addr)

    transport, peer = await loop.create_datagram_endpoint(lambda: Elsewhere(lambda _, __: []), local_addr=("127.0.0.1", 0))
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 2, 0.3)
        assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE
        assert len(peer.requests) == 2
    finally:
        transport.close()
        elsewhere.close()


async def test_radius_requests_tell_nothing_of_the_next() -> None:
    """AB08: each login has an authenticator and a port of its own, and identifiers do not count up."""
    loop = asyncio.get_running_loop()
    ports = set()

    class Noting(RadiusPeer):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            ports.add(addr[1])
            super().datagram_received(data, addr)

    transport, peer = await loop.create_datagram_endpoint(
        lambda: Noting(lambda request, _: [radius_reply(request)]), local_addr=("127.0.0.1", 0)
    )
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 1, 5)
        for _ in range(20):
            assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
    finally:
        transport.close()
    assert len({request[4:20] for request in peer.requests}) == 20
    assert len({(after[1] - before[1]) % 256 for before, after in pairwise(peer.requests)}) > 5
    assert len(ports) > 10


async def test_radius_nobody_there() -> None:
    """AB11: the system says at once that nobody listens, and it is 454 within the time of the tries."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    transport.close()
    await asyncio.sleep(0)  # the socket is closed in the next turn
    back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", port, 3, 0.2)
    await asyncio.wait_for(check_unavailable(back_end), 10)


def hidden_password(request: bytes) -> bytes:
    """The User-Password of a request, by RFC 2865 section 5.2, without its padding."""
    at = 20
    while request[at] != 2:
        at += request[at + 1]
    hidden, before, shown = request[at + 2 : at + request[at + 1]], request[4:20], b""
    for start in range(0, len(hidden), 16):
        key = hashlib.md5(SECRET.encode() + before).digest()
        before = hidden[start : start + 16]
        shown += bytes(map(xor, before, key))
    return shown.rstrip(b"\0")


@pytest.mark.parametrize(
    ("length", "expected"), [(1, "asked"), (16, "asked"), (17, "asked"), (128, "asked"), (129, "refused"), (300, "refused")]
)
async def test_radius_password_lengths(length: int, expected: str) -> None:
    """AB09: up to 128 octets are sent whole, more are refused."""
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(
        lambda: RadiusPeer(lambda request, _: [radius_reply(request)]), local_addr=("127.0.0.1", 0)
    )
    try:
        back_end = RadiusAuthenticator("gateway", SECRET.encode(), "127.0.0.1", transport.get_extra_info("sockname")[1], 1, 0.5)
        verdict = await back_end.authenticate(Credentials("bob", "p" * length))
        assert verdict is (AuthVerdict.ACCEPTED if expected == "asked" else AuthVerdict.REFUSED)
        assert [hidden_password(request) for request in peer.requests] == ([b"p" * length] if expected == "asked" else [])
        for user, password in (("u" * 254, "pw"), ("u" * 300, "pw"), ("bob", "")):
            assert await back_end.authenticate(Credentials(user, password)) is AuthVerdict.REFUSED
        assert len(peer.requests) == (expected == "asked")
    finally:
        transport.close()
