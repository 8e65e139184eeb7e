"""A client that sends one message per session, from any address: it comes as a proxy with a PROXY header in front."""

import re
import socket
from collections.abc import Sequence

import attrs

TIMEOUT_S = 60.0

_identifier = re.compile(r"^250[ -](?:2\.0\.0 )?(\S+) for ", re.MULTILINE).findall


@attrs.frozen
class Answer:
    """How a session went.

    Attributes:
        replies: all of them, from the greeting to the last one, lines joined by line feeds.
    """

    replies: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the message was taken."""
        return self.replies[-1].startswith("250")

    @property
    def message_ids(self) -> list[str]:
        """Names of its documents."""
        return _identifier(self.replies[-1]) if self.accepted else []


def send(
    port: int,
    ip: str,
    helo: bytes,
    sender: bytes,
    recipients: Sequence[bytes],
    message: bytes,
    *,
    parameters: bytes = b"",
    binary: bool = False,
) -> Answer:
    """Send a message over a connection that a proxy passes on. The session ends at the first reply that is not good; nothing is escaped or mended
    but dots at the beginning of lines.

    Args:
        port: of the server on 127.0.0.1, for which that must be a proxy.
        ip: where the client is.
        helo: argument of EHLO.
        sender: reverse path as it stands in angle brackets.
        recipients: forward paths likewise.
        message: with CRLF line ends, unless it is binary.
        parameters: of MAIL.
        binary: hand the message over as it is, by BODY=BINARYMIME and BDAT.
    """
    family, local = ("TCP6", "2001:db8::25") if ":" in ip else ("TCP4", "192.0.2.25")
    if binary:
        parameters += b" BODY=BINARYMIME"
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    commands = [f"PROXY {family} {ip} {local} 4711 25\r\n".encode(), b"EHLO %b\r\n" % helo, b"MAIL FROM:<%b>%b\r\n" % (sender, parameters)]
    commands += [b"RCPT TO:<%b>\r\n" % recipient for recipient in recipients]
    if binary:
        commands.append(b"BDAT %d LAST\r\n%b" % (len(message), message))
    else:
        commands += [b"DATA\r\n", stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"]
    replies: list[str] = []
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as sock, sock.makefile("rb") as lines:
        for command in commands:
            sock.sendall(command)
            reply: list[bytes] = []
            while not reply or reply[-1][3:4] == b"-":
                line = lines.readline()
                if not line:
                    return Answer((*replies, "closed"))
                reply.append(line.rstrip(b"\r\n"))
            replies.append(b"\n".join(reply).decode())
            if replies[-1][0] not in "23":
                break
    return Answer(tuple(replies))
