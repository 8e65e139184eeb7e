"""What it costs to turn a message into documents, against the standard library's ways.

Run: ``python -m bench.documents``. Ends within a minute. Figures are CPU time of this process, medians of interleaved rounds: each round
measures every way once, so that a busy machine is busy for all of them.

The ways: ours with orjson and with the standard library's encoder; ``email``: parse with the email package, take x-mq fields out, add Received,
serialise, ``json.dumps`` of a dict; ``naive``: no look at the header section at all, ``json.dumps`` of a dict for each recipient.
"""

import email
import email.policy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import process_time

from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.control_headers import extract
from tidegate.domain.document import Mail, encode
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, inspect
from tidegate.domain.json_value import Dumps, stdlib_dumps
from tidegate.domain.message_id import MessageIds, per_recipient
from tidegate.domain.trace import trace_fields

ROUNDS = 7
ROUND_SECONDS = 0.1  # CPU time that one way is measured for in one round

NOW = datetime(2026, 11, 6, 9, 5, 3, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CLIENT = Client(Endpoints("192.0.2.1", 49152, "198.51.100.25", 25), "mail.example.com", tls=Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384"))
CONTROLS = b"X-MQ-Tag: news\r\nX-MQ-IP: 198.51.100.7\r\nX-MQ-Retries: 300,600\r\nX-MQ-Custom: text\r\n"
HEADER = (
    b"Received: from a.example (a.example [192.0.2.9])\r\n\tby mail.example.com with ESMTPS id 4ABCDEF\r\n"
    b"\tfor <user@example.net>; Fri, 06 Nov 2026 09:05:00 +0000\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n\tt=1762419900; bh=" + b"A" * 43 + b"=;\r\n"
    b"\th=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type;\r\n\tb=" + b"\r\n\t ".join([b"B" * 72] * 4) + b"\r\n"
    b"Return-Path: <sender@example.com>\r\nFrom: A Sender <sender@example.com>\r\nTo: A User <user@example.net>\r\n"
    b"Subject: What happened on the way to the queue\r\nDate: Fri, 06 Nov 2026 09:04:59 +0000\r\n"
    b"Message-ID: <20261106090459.12345@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\nReply-To: replies@example.com\r\nPrecedence: bulk\r\nList-Id: <list.example.com>\r\n"
    b"List-Unsubscribe: <https://example.com/unsubscribe?x=1>\r\n"
)
LINE = "The quick brown fox jumps over the lazy dog, „again“ and again.\r\n".encode()


def message(size: int, controls: bytes = b"") -> bytes:
    """A message of about ``size`` bytes with 15 header fields."""
    header = controls + HEADER + b"\r\n"
    return header + LINE * max(0, (size - len(header)) // len(LINE))


def recipients(count: int) -> Envelope:
    """An envelope with ``count`` recipients."""
    return Envelope("sender@example.com", tuple(Recipient(f"user{number}@example.net") for number in range(count)))


def ours(data: bytes, envelope: Envelope, dumps: Dumps, ids: MessageIds) -> tuple[tuple[bytes, ...], ...]:
    """The whole way from message to documents."""
    block = inspect(data)
    assert isinstance(block, HeaderBlock)
    extraction = extract(block)
    transaction_id = ids.next(NOW_MS)
    trace = trace_fields(CLIENT, envelope, "mx.example.net", transaction_id, NOW, extraction.message)
    mail = Mail(
        client=CLIENT,
        envelope=envelope,
        message=extraction.message,
        trace=trace,
        hostname="mx.example.net",
        received=NOW,
        properties=extraction.properties,
    )
    return encode(mail, per_recipient(transaction_id, len(envelope.recipients)), dumps)


def by_email_package(data: bytes, envelope: Envelope) -> list[bytes]:
    """The same with the email package, in its cheapest policy."""
    parsed = email.message_from_bytes(data, policy=email.policy.compat32)
    properties = {}
    for name in [name for name in parsed.keys() if name.lower().startswith("x-mq-")]:  # noqa: SIM118 (a message is no mapping)
        properties[name[5:].lower()] = str(parsed[name])
        del parsed[name]
    received = "Received: from mail.example.com ([192.0.2.1])\r\n\tby mx.example.net with ESMTPS;\r\n\tFri, 06 Nov 2026 09:05:03 +0000\r\n"
    return _dicts(received + parsed.as_bytes().decode(errors="replace"), envelope, properties)


def naive(data: bytes, envelope: Envelope) -> list[bytes]:
    """Nothing but JSON."""
    return _dicts(data.decode(errors="replace"), envelope, {})


def _dicts(mime: str, envelope: Envelope, properties: dict[str, str]) -> list[bytes]:
    ends = CLIENT.endpoints
    connection = {"local-ip": ends.local_ip, "local-port": ends.local_port, "remote-ip": ends.remote_ip, "remote-port": ends.remote_port}
    return [
        json.dumps(
            {
                "envelope": envelope.sender,
                "recipient": recipient.address,
                "message-id": str(number),
                "received": NOW.strftime("%Y-%m-%d %H:%M:%S"),
                "hostname": "mx.example.net",
                "connection": connection,
                "mime": mime,
                **properties,
            }
        ).encode()
        for number, recipient in enumerate(envelope.recipients)
    ]


def measure(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of CPU that each way takes once."""
    repeats = {name: max(1, int(ROUND_SECONDS / _once(way, 1))) for name, way in ways.items()}
    rounds = [{name: _once(way, repeats[name]) for name, way in ways.items()} for _ in range(ROUNDS)]
    return {name: median(each[name] for each in rounds) for name in ways}


def _once(way: Callable[[], object], repeats: int) -> float:
    started = process_time()
    for _ in range(repeats):
        way()
    return max(process_time() - started, 1e-6) / repeats


def main() -> None:
    """Measure and print."""
    ids = MessageIds(bytes(8))
    print("The whole way, by message")
    for title, data, envelope in (
        ("4 KB, 1 recipient", message(4_000), recipients(1)),
        ("4 KB, 4 x-mq fields", message(4_000, CONTROLS), recipients(1)),
        ("4 KB, 100 recipients", message(4_000), recipients(100)),
        ("100 KB, 1 recipient", message(100_000), recipients(1)),
        ("10 MB, 1 recipient", message(10_000_000), recipients(1)),
        ("10 MB, not UTF-8", message(10_000_000) + b"\xff", recipients(1)),
    ):
        seconds = measure(
            {
                "ours, orjson": partial(ours, data, envelope, orjson_dumps, ids),
                "ours, json": partial(ours, data, envelope, stdlib_dumps, ids),
                "email": partial(by_email_package, data, envelope),
                "naive": partial(naive, data, envelope),
            }
        )
        best = seconds["ours, orjson"]
        print(f"  {title:<22} {best * 1e6:>9.1f} µs; × ours: " + ", ".join(f"{name} {each / best:.1f}" for name, each in seconds.items()))

    print("Step by step, 4 KB, 1 recipient")
    data, envelope = message(4_000), recipients(1)
    block = inspect(data)
    assert isinstance(block, HeaderBlock)
    trace = trace_fields(CLIENT, envelope, "mx.example.net", "0" * 26, NOW, data)
    mail = Mail(client=CLIENT, envelope=envelope, message=data, trace=trace, hostname="mx.example.net", received=NOW)
    steps = measure(
        {
            "header section": lambda: inspect(data),
            "x-mq search": lambda: extract(block),
            "identifier": lambda: ids.next(NOW_MS),
            "trace field": lambda: trace_fields(CLIENT, envelope, "mx.example.net", "0" * 26, NOW, data),
            "document, JSON included": lambda: encode(mail, ("id",), orjson_dumps),
            "of that JSON escaping": lambda: orjson_dumps(data.decode()),
        }
    )
    for name, each in steps.items():
        print(f"  {name:<24} {each * 1e6:>6.2f} µs")
    without_escaping = sum(steps.values()) - 2 * steps["of that JSON escaping"]
    print(f"  all of it without JSON escaping: {without_escaping * 1e6:.1f} µs (goal: below 15)")


if __name__ == "__main__":
    main()
