"""LDAP servers that are slow, broken or hostile: never an acceptance, always an answer in time."""

import asyncio
from pathlib import Path

import pytest
from tests.integration.auth.peers import BOB, Serve, closing, saying, silent, tcp
from tests.servers.slapd import BASE_DN, Slapd

from tidegate.adapters.auth.ldap import LdapAuthenticator, LdapSecurity
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.testing.authenticator import ACCOUNTS

pytestmark = pytest.mark.integration


def binding(code: int, referral: bytes = b"", heard: list[bytes] | None = None) -> Serve:
    """Answers a bind with this result code, under the number of its message; keeps the messages, from the number on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(4096):
            start = 2 + (request[1] & 0x7F if request[1] & 0x80 else 0)  # behind tag and length of the message
            end = start + 2 + request[start + 1]
            if heard is not None:
                heard.append(request[end:])
            writer.write(bind_response(code, request[start:end], referral))

    return serve


def bind_response(code: int, number: bytes = b"\x02\x01\x01", referral: bytes = b"") -> bytes:
    """A BindResponse to the message of this number, as BER has it, with a URL to ask instead where there is one."""
    url = bytes([0xA3, len(referral) + 2, 0x04, len(referral)]) + referral if referral else b""
    content = number + bytes([0x61, 7 + len(url), 0x0A, 0x01, code, 0x04, 0x00, 0x04, 0x00]) + url
    return bytes([0x30, len(content)]) + content


async def test_ldap_without_password(lenient_slapd: Slapd) -> None:
    """AB01, AB02: the server lets everybody bind without password, and nobody gets in by that."""
    back_end = LdapAuthenticator("127.0.0.1", lenient_slapd.port, BASE_DN)
    for user, password in (("bob", ""), ("", ""), ("", "pw")):
        assert await back_end.authenticate(Credentials(user, password)) is AuthVerdict.REFUSED
    assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
    name = f"uid=bob,{BASE_DN}".encode()
    bind = b"\x02\x01\x03\x04" + bytes([len(name)]) + name + b"\x80\x00"
    reader, writer = await asyncio.open_connection("127.0.0.1", lenient_slapd.port)
    writer.write(b"\x30" + bytes([len(bind) + 5]) + b"\x02\x01\x01\x60" + bytes([len(bind)]) + bind)
    assert (await reader.read(100)).startswith(bind_response(0)[:10]), "this test needs a server that allows it"
    writer.close()


@pytest.mark.parametrize("name", [" bob", "bob ", "b  ob"])
async def test_ldap_spaces(name: str, slapd: Slapd) -> None:
    """AB03: a name that the server would take for another is refused."""
    assert await LdapAuthenticator("127.0.0.1", slapd.port, BASE_DN).authenticate(Credentials(name, ACCOUNTS["bob"])) is AuthVerdict.REFUSED


@pytest.mark.parametrize(
    ("name", "in_dn"), [("*", "*"), ("bo*", "bo*"), ("bob)(uid=*", r"bob)(uid\=*"), ("*)(|(uid=*", r"*)(|(uid\=*"), (r"\2a", r"\\2a")]
)
async def test_ldap_is_asked_for_a_bind_only(name: str, in_dn: str) -> None:
    """AB04: there is no filter that a name could change: the server hears one bind, in which the name is a value, and the farewell."""
    heard: list[bytes] = []
    async with tcp(binding(49, heard=heard)) as port:
        back_end = LdapAuthenticator("127.0.0.1", port, BASE_DN)
        assert await back_end.authenticate(Credentials(name, "pw")) is AuthVerdict.REFUSED
        await back_end.close()
    dn = f"uid={in_dn},{BASE_DN}".encode()
    bind, *others = heard
    assert bind[0] == 0x60
    assert b"\x04" + bytes([len(dn)]) + dn + b"\x80\x02pw" in bind
    assert [other[0] for other in others] in ([], [0x42])


async def test_ldap_referrals_lead_nowhere() -> None:
    """AB05: no other server is given the password."""
    elsewhere: list[bytes] = []
    async with tcp(binding(0, heard=elsewhere)) as other, tcp(binding(10, f"ldap://127.0.0.1:{other}/{BASE_DN}".encode())) as port:
        back_end = LdapAuthenticator("127.0.0.1", port, BASE_DN)
        assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE
        await back_end.close()
    assert elsewhere == []


LDAP: dict[str, tuple[Serve, AuthVerdict]] = {
    "never answers": (silent, AuthVerdict.UNAVAILABLE),
    "hangs up": (closing, AuthVerdict.UNAVAILABLE),
    "half a message": (saying(bind_response(0)[:6]), AuthVerdict.UNAVAILABLE),
    "octet by octet": (saying(*[bytes([byte]) for byte in b"\x30\x84\x7f\xff\xff\xff" + b"x" * 50], pause=0.05), AuthVerdict.UNAVAILABLE),
    "a length of 2 GB": (saying(b"\x30\x84\x7f\xff\xff\xff" + b"x" * 1000), AuthVerdict.UNAVAILABLE),
    "no BER": (saying(b"HTTP/1.1 200 OK\r\n\r\n"), AuthVerdict.UNAVAILABLE),
    "busy": (binding(51), AuthVerdict.UNAVAILABLE),
    "unavailable": (binding(52), AuthVerdict.UNAVAILABLE),
    "time limit": (binding(3), AuthVerdict.UNAVAILABLE),
    "referral": (binding(10), AuthVerdict.UNAVAILABLE),
    "bind in progress": (binding(14), AuthVerdict.UNAVAILABLE),
    "invalid credentials": (binding(49), AuthVerdict.REFUSED),
}


@pytest.mark.parametrize("name", LDAP)
async def test_ldap_servers(name: str) -> None:
    """AB05: only success accepts, only invalidCredentials refuses, and the deadline holds."""
    serve, expected = LDAP[name]
    async with tcp(serve) as port:
        back_end = LdapAuthenticator("127.0.0.1", port, BASE_DN, deadline_s=1)
        assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected
        await back_end.close()


async def test_ldap_certificates(slapd: Slapd, authority: Path) -> None:
    """AB06: an unknown authority and a name that is not in the certificate; with StartTLS nothing is sent in clear instead."""
    for host, authorities in (("localhost", None), ("127.0.0.1", authority)):
        for security, port in ((LdapSecurity.TLS, slapd.secure_port), (LdapSecurity.STARTTLS, slapd.port)):
            back_end = LdapAuthenticator(host, port, BASE_DN, security, authorities)
            assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE, (host, security)


async def test_ldap_without_starttls(lenient_slapd: Slapd, authority: Path) -> None:
    """AB06: a server that does not start TLS gets no password."""
    back_end = LdapAuthenticator("localhost", lenient_slapd.port, BASE_DN, LdapSecurity.STARTTLS, authority)
    assert await back_end.authenticate(BOB) is AuthVerdict.UNAVAILABLE
