"""Asks rspamd's normal worker (``POST /checkv2``) what it thinks of a message and of how it came."""

import asyncio
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from tidegate.domain.address import parse_mailbox
from tidegate.domain.rspamd_answer import AnswerError, parse_answer
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.spam_scanner import Handover, SpamVerdict

if TYPE_CHECKING:
    import httpcore2

MAX_MESSAGE_BYTES = 10_000_000
"""Rspamd takes 50 MB by default; what is that large is looked at for a second or more."""
MAX_ANSWER_BYTES = 512 * 1024
"""Real answers have some kilobytes."""
MAX_IN_FLIGHT = 32
"""Messages at a time in one process."""
KEEP_ALIVE_S = 30.0
_MAX_RECIPIENTS = 100  # each is a header field; rspamd has no use for more
_MAX_VALUE_CHARS = 1000

Header = tuple[bytes, bytes]


@attrs.define(eq=False)
class RspamdScanner:
    """Implements :class:`tidegate.ports.spam_scanner.SpamScanner`, for one event loop.

    A scan ends within ``timeout_s``, waiting for a place included. Neither proxies nor credentials are taken from the environment, redirects
    are not followed.

    Attributes:
        url: of the worker, without a path: ``http://localhost:11333``.
        timeout_s: how long a scan may take.
        max_message_bytes: the largest message it takes.
        report: whether to tell the points of each symbol too.
        context: for https; the system's authorities by default.

    Raises (when made):
        PermanentFailure: httpcore2 is not installed.
    """

    url: str
    timeout_s: float = 20.0
    max_message_bytes: int = MAX_MESSAGE_BYTES
    report: bool = False
    context: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    _pool: "httpcore2.AsyncConnectionPool" = attrs.field(init=False, repr=False)
    _host: bytes = attrs.field(init=False, repr=False)
    _free: asyncio.Semaphore = attrs.field(init=False, repr=False, factory=lambda: asyncio.Semaphore(MAX_IN_FLIGHT))

    def __attrs_post_init__(self) -> None:
        try:
            import httpcore2
        except ImportError:
            raise PermanentFailure("httpcore2 is not installed: pip install 'tidegate[http]'") from None
        context = self.context or (ssl.create_default_context() if self.url.startswith("https:") else None)
        self._pool = httpcore2.AsyncConnectionPool(context, max_connections=MAX_IN_FLIGHT, keepalive_expiry=KEEP_ALIVE_S)
        self._host = urlsplit(self.url).netloc.encode("ascii")

    async def scan(self, message: bytes, handover: Handover | None = None) -> SpamVerdict:
        """See the port."""
        if len(message) > self.max_message_bytes:
            raise PermanentFailure(f"larger than {self.max_message_bytes} bytes")
        headers = [(b"Host", self._host), (b"User-Agent", b"Tidegate"), (b"Accept-Encoding", b"identity")]
        headers += [(b"Content-Length", b"%d" % len(message)), *(_handover_headers(handover) if handover is not None else ())]
        try:
            async with asyncio.timeout(self.timeout_s), self._free:
                answer = parse_answer(await self._post(headers, message), with_rules=self.report)
        except TimeoutError:
            raise TemporaryFailure(f"{self.url}: no answer within {self.timeout_s:g} s") from None
        except (TemporaryFailure, AnswerError) as error:
            raise TemporaryFailure(f"{self.url}: {error}") from None
        except Exception as error:  # the library has many families: broken peers, sockets, TLS
            raise TemporaryFailure(f"{self.url}: {type(error).__name__}: {error}") from error
        return SpamVerdict(answer.spam, answer.score, answer.threshold, answer.symbols, answer.rules)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _post(self, headers: list[Header], message: bytes) -> bytes:
        async with self._pool.stream("POST", f"{self.url.rstrip('/')}/checkv2", headers=headers, content=message) as response:
            if response.status != 200:
                raise TemporaryFailure(f"status {response.status}")
            body = bytearray()
            async for piece in response.aiter_stream():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise TemporaryFailure(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
            return bytes(body)


def _handover_headers(handover: Handover) -> list[Header]:
    """How the message came, in rspamd's names. What cannot stand in a header field is left out, and so is what is no address to rspamd."""
    facts = [("IP", handover.remote_ip), ("Helo", handover.helo)]
    facts += [("From", f"<{handover.sender}>")] if not handover.sender or _is_mailbox(handover.sender) else []
    facts += [("Rcpt", f"<{recipient}>") for recipient in handover.recipients[:_MAX_RECIPIENTS] if _is_mailbox(recipient)]
    return [(name.encode(), value.encode()) for name, value in facts if _is_writable(value)]


def _is_mailbox(address: str) -> bool:
    # For an address that it cannot read, postmaster without a domain included, rspamd blames the message: BROKEN_HEADERS, 8 points.
    mailbox = parse_mailbox(address.encode("ascii")) if address.isascii() else None
    return mailbox is not None and mailbox.domain != ""


def _is_writable(value: str) -> bool:
    return 0 < len(value) <= _MAX_VALUE_CHARS and value.isascii() and value.isprintable() and value == value.strip()
