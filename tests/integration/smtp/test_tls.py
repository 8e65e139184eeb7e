"""TLS as the gateway serves it: its own context on real sockets, against clients that mean no good."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from tests.servers.gateway import Serving, Setup, serving

from tidegate.adapters.smtp import Timing
from tidegate.adapters.smtp.tls import server_context
from tidegate.ports.errors import PermanentFailure

pytestmark = pytest.mark.integration

START = b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificate and key, as an operator has them."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    return folder / "cert.pem", folder / "key.pem"


def trusting() -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def with_server(files: tuple[Path, Path], client: Callable[[Serving], None], timing: Timing | None = None) -> Serving:
    """Serve while a blocking client runs in a thread of its own."""

    async def main() -> Serving:
        async with serving(Setup(tls=server_context(*files), timing=timing or Timing())) as server:
            await asyncio.to_thread(client, server)
        return server

    return asyncio.run(main())


def dial(port: int) -> socket.socket:
    """A connection that gives up in time."""
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def until_closed(connection: socket.socket) -> bytes:
    """Everything the server still says; any way of ending is an end."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except (ssl.SSLError, ConnectionResetError):
        pass
    return said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(files: tuple[Path, Path], version: ssl.TLSVersion) -> None:
    """TL13: no handshake below TLS 1.2, whatever the client is willing to do."""

    def client(server: Serving) -> None:
        context = trusting()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = context.maximum_version = version
        with dial(server.secure_port) as plain, pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(plain, server_hostname="localhost")

    with_server(files, client)


@pytest.mark.parametrize("ciphers", ["ECDHE+AES:!AESGCM:!AESCCM", "kRSA", "aNULL:eNULL:@SECLEVEL=0"])
def test_weak_ciphers_are_refused(files: tuple[Path, Path], ciphers: str) -> None:
    """TL13: no CBC, no key exchange without forward secrecy, nothing without authentication or encryption."""

    def client(server: Serving) -> None:
        context = trusting()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        with dial(server.secure_port) as plain, pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(plain, server_hostname="localhost")

    with_server(files, client)


def test_no_renegotiation_and_no_compression(files: tuple[Path, Path]) -> None:
    """TL12: a client cannot make the server repeat handshakes, nor compress what an attacker may have a part in."""
    options = server_context(*files).options
    assert options & ssl.OP_NO_RENEGOTIATION
    assert options & ssl.OP_NO_COMPRESSION


@pytest.mark.parametrize("name", [None, "unknown.example", "a" * 63 + ".example", "192.0.2.1"])
def test_any_server_name_gets_the_certificate(files: tuple[Path, Path], name: str | None) -> None:
    """TL19: there is one certificate; a name that is absent, unknown, long or an address makes no difference."""

    def client(server: Serving) -> None:
        with dial(server.secure_port) as plain, trusting().wrap_socket(plain, server_hostname=name) as secured:
            assert secured.recv(100).startswith(b"220 ")

    with_server(files, client)


class InHand:
    """A TLS client whose records go out one by one, so that text in clear can follow them on the same connection."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trusting().wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._turn(self._tls.do_handshake)

    def write(self, data: bytes) -> None:
        """Send under TLS."""
        self._tls.write(data)
        self.plain.sendall(self._outgoing.read())

    def read(self) -> bytes:
        """Some of what the server said under TLS."""
        said = self._turn(lambda: self._tls.read(65536))
        assert isinstance(said, bytes)
        return said

    def say_end(self) -> None:
        """Send close_notify, and nothing else."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.unwrap()
        self.plain.sendall(self._outgoing.read())

    def _turn(self, step: Callable[[], object]) -> object:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self.plain.sendall(self._outgoing.read())
                piece = self.plain.recv(65536)
                assert piece
                self._incoming.write(piece)
                continue
            self.plain.sendall(self._outgoing.read())
            return done


@pytest.mark.parametrize("chunked", [False, True])
def test_end_of_tls_inside_a_message(files: tuple[Path, Path], chunked: bool) -> None:
    """TL14: close_notify in the middle of DATA or of a chunk, then text in clear: no message, no reply, nothing of the text taken."""
    said = bytearray()

    def client(server: Serving) -> None:
        with dial(server.secure_port) as plain:
            tls = InHand(plain)
            tls.write(START + (b"BDAT 1000 LAST\r\nhalf" if chunked else b"DATA\r\nSubject: x\r\n\r\nhalf"))
            heard = b""
            while (b"\r\n250 2.1.5" if chunked else b"\r\n354 ") not in heard:
                heard += tls.read()
            tls.say_end()
            plain.sendall(b"\r\n.\r\nMAIL FROM:<evil@example.org>\r\n")
            said.extend(until_closed(plain))

    server = with_server(files, client)
    assert b"250" not in said
    assert server.published.bodies("inbox") == []


def test_handshake_that_never_ends(files: tuple[Path, Path]) -> None:
    """TL10: a client that is silent, or that sends its hello byte by byte, is left when its time is up; on both kinds of ports."""

    def client(server: Serving) -> None:
        with dial(server.secure_port) as silent, dial(server.port) as plain:
            plain.recv(1000)
            plain.sendall(b"EHLO x\r\n")
            plain.recv(4096)
            plain.sendall(b"STARTTLS\r\n")
            assert plain.recv(1000).startswith(b"220")
            plain.sendall(b"\x16\x03\x01")
            silent.sendall(b"\x16")
            assert until_closed(plain) == b""
            assert until_closed(silent) == b""

    with_server(files, client, Timing(handshake=0.5))


def test_text_before_the_handshake_of_a_secure_port(files: tuple[Path, Path]) -> None:
    """TL18: what comes in clear before TLS is never taken for something that was said under TLS."""

    def client(server: Serving) -> None:
        with dial(server.secure_port) as plain:
            plain.sendall(START + b"DATA\r\nSubject: clear\r\n\r\n.\r\n")
            plain.shutdown(socket.SHUT_WR)
            assert b"250" not in until_closed(plain)

    server = with_server(files, client)
    assert server.published.bodies("inbox") == []


def test_connection_that_breaks_behind_the_end_of_a_message(files: tuple[Path, Path]) -> None:
    """TL22: the end of data was read, so the message counts, whether its sender reads the 250 or not."""

    def client(server: Serving) -> None:
        with dial(server.secure_port) as plain:
            secured = trusting().wrap_socket(plain, server_hostname="localhost")
            secured.recv(1000)
            secured.sendall(START + b"DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n")
            while b"354" not in secured.recv(4096):
                pass
            secured.close()  # without close_notify

    server = with_server(files, client)
    assert len(server.published.bodies("inbox")) == 1


def test_certificates_that_cannot_be_served(files: tuple[Path, Path], tmp_path: Path) -> None:
    """TL20: each is refused before anything listens, with the file that is to blame and what is wrong with it."""
    certificate, key = files
    empty, other, text = tmp_path / "empty.pem", tmp_path / "other.pem", tmp_path / "broken.pem"
    empty.touch()
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(other)
    text.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for pair, expected in [
        ((certificate, tmp_path / "none.pem"), f"key {tmp_path}/none.pem cannot be read: No such file or directory"),
        ((tmp_path, key), f"certificate {tmp_path} cannot be read: Is a directory"),
        ((empty, key), f"certificate {empty} is not a PEM file"),
        ((certificate, other), f"key {other} does not belong to certificate {certificate}"),
        ((key, certificate), f"certificate {key} with key {certificate} cannot be used"),
        ((text, key), f"certificate {text} with key {key} cannot be used"),
    ]:
        with pytest.raises(PermanentFailure) as caught:
            server_context(*pair)
        assert expected in str(caught.value)
