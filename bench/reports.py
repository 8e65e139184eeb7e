"""What it costs to tell a report from ordinary mail and to read it, against ``email`` and flufl.bounce; and why large reports have a process.

``email`` only parses the MIME structure here; for DMARC reports zipfile and ElementTree, without any bound, are in the time of the peer.

Run: ``python -m bench.reports``. Ends within half a minute. Times are CPU time of this process, the smallest of several rounds.
"""

import asyncio
import gzip
import io
import zipfile
from binascii import b2a_base64
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from time import perf_counter, process_time
from xml.etree import ElementTree

from flufl.bounce import all_failures

from tidegate.adapters.report_process import ProcessReportReader
from tidegate.domain.reports import classify

ROUNDS = 7
ROUND_S = 0.1  # CPU time of one round, about
TICK_S = 0.001  # how often the loop that is disturbed would run

_RECEIVED = (
    b"Received: from a%d.example.org (a%d.example.org [192.0.2.%d])\r\n\tby b.example.org with ESMTPS id 4b7Zk31Q%d;\r\n"
    b"\tFri, 6 Nov 2026 09:05:03 +0000\r\n"
)
_HEAD = b"".join(_RECEIVED % (number, number, number, number) for number in range(4)) + (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n\th=from:to:subject:date; bh=" + b"A" * 44 + b"=;\r\n\tb="
    b"" + b"B" * 344 + b"\r\nFrom: Ann <ann@example.com>\r\nTo: Bob <bob@example.net>\r\nSubject: Lunch on Friday\r\n"
    b"Message-ID: <1@example.com>\r\nDate: Fri, 6 Nov 2026 10:05:01 +0100\r\nMIME-Version: 1.0\r\n"
)
_LINE = b"Hello Bob, this is a line of a letter as people write them every day.\r\n"


def _multipart(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    boundary = b"----=_Part_4711_1867564.1793923200"
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return _HEAD + b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n' + body + b"--" + boundary + b"--\r\n"


def _aggregate(records: int) -> bytes:
    record = (
        "<record><row><source_ip>192.0.2.{0}</source_ip><count>3</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"
        "<spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers><auth_results><dkim>"
        "<domain>example.com</domain><selector>s{0}</selector><result>pass</result></dkim><spf><domain>m{0}.example.com</domain>"
        "<result>fail</result></spf></auth_results></record>"
    )
    return (
        "<?xml version='1.0'?><feedback><report_metadata><org_name>A</org_name><report_id>1</report_id></report_metadata><policy_published>"
        "<domain>example.com</domain><p>none</p></policy_published>"
        + "".join(record.format(number % 250) for number in range(records))
        + "</feedback>"
    ).encode()


def _attached(kind: bytes, content: bytes) -> bytes:
    encoded = b"\r\n".join(b2a_base64(content[at : at + 57], newline=False) for at in range(0, len(content), 57))
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("example.org!example.com!1793923200!1794009599.xml", content)
    return out.getvalue()


_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
_STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\nArrival-Date: Fri, 6 Nov 2026 09:05:03 +0000\r\n\r\n"
    b"Final-Recipient: rfc822; bob@example.net\r\nOriginal-Recipient: rfc822;bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"Remote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: no such user\r\n"
)
_QMAIL = (
    b"From: MAILER-DAEMON@mail.example.org\r\nTo: ann@example.com\r\nSubject: failure notice\r\n\r\n"
    b"Hi. This is the qmail-send program at mail.example.org.\r\n"
    b"I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
    b"This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n<bob@example.net>:\r\n192.0.2.1 does not like recipient.\r\n"
    b"Remote host said: 550 5.1.1 no such user\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n" + _HEAD + b"\r\n" + _LINE * 20
)

MESSAGES: dict[str, bytes] = {
    "ordinary, text, 4 KB": _HEAD + _TEXT + _LINE * 35,
    "ordinary, text, 100 KB": _HEAD + _TEXT + _LINE * 1_400,
    "ordinary, text and HTML, 100 KB": _multipart(_TEXT + _LINE * 700, b"Content-Type: text/html\r\n\r\n" + _LINE * 700, kind=b"alternative"),
    "ordinary, attachment of 1 MB": _multipart(_TEXT + _LINE, _attached(b"application/pdf", bytes(range(256)) * 3_000)),
    "delivery status, 1 recipient": _multipart(
        _TEXT + _LINE, _STATUS, b"Content-Type: message/rfc822\r\n\r\n" + _HEAD + b"\r\n" + _LINE, kind=b"report"
    ),
    "bounce of qmail": _QMAIL,
    "DMARC zip, 5 records": _multipart(_attached(b"application/zip", _zip(_aggregate(5)))),
    "DMARC zip, 1,000 records": _multipart(_attached(b"application/zip", _zip(_aggregate(1_000)))),
}
_FLUFL = {"delivery status, 1 recipient", "bounce of qmail", "ordinary, text, 4 KB"}
"""Where flufl.bounce is measured too; it needs the message parsed, which is in its time."""


def parsed(message: bytes) -> object:
    """What a program without bounds does with a message: parse it, and an aggregate report in it."""
    mail = message_from_bytes(message)
    if b"application/zip" not in message:
        return mail
    [part] = [part for part in mail.walk() if part.get_content_type() == "application/zip"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [
            [element.text for element in record.iter()] for record in ElementTree.fromstring(archive.read(archive.namelist()[0])).iter("record")
        ]


def per_call(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    started = process_time()
    work()
    times = max(1, int(ROUND_S / max(process_time() - started, 1e-6)))
    best = float("inf")
    for _ in range(ROUNDS):
        started = process_time()
        for _ in range(times):
            work()
        best = min(best, (process_time() - started) / times)
    return best


async def _lag(reading: Awaitable[object]) -> tuple[float, float, float]:
    """The longest and the mean delay of a loop that wants to run every millisecond while something is read, and how long that takes."""
    delays: list[float] = []
    task = asyncio.ensure_future(reading)
    started = perf_counter()
    while not task.done():
        due = perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        delays.append(perf_counter() - due)
    return max(delays, default=0.0), sum(delays) / max(len(delays), 1), perf_counter() - started


async def _apart() -> dict[str, tuple[float, float, float]]:
    large = _multipart(_attached(b"application/gzip", gzip.compress(_aggregate(10_000))))
    reader = ProcessReportReader()

    async def in_place() -> object:
        return classify(large)

    try:
        await reader.read(MESSAGES["DMARC zip, 5 records"])  # started before it is measured
        return {
            "nothing": await _lag(asyncio.sleep(0.5)),
            "in a process": await _lag(reader.read(large)),
            "in a thread": await _lag(asyncio.to_thread(classify, large)),
            "on the loop": await _lag(in_place()),
        }
    finally:
        await reader.close()


def main() -> None:
    """Measure and print."""
    print(f"{'message':34} {'octets':>9} {'classify':>10} {'email':>10} {'ratio':>7} {'flufl':>10} {'ratio':>7}")
    for name, message in MESSAGES.items():
        ours = per_call(lambda message=message: classify(message))  # type: ignore[misc]
        email = per_call(lambda message=message: parsed(message))  # type: ignore[misc]
        line = f"{name:34} {len(message):9,} {ours * 1e6:7,.1f} µs {email * 1e6:7,.0f} µs {ours / email:7.2f}"
        if name in _FLUFL:
            flufl = per_call(lambda message=message: all_failures(message_from_bytes(message)))  # type: ignore[misc]
            line += f" {flufl * 1e6:7,.0f} µs {ours / flufl:7.2f}"
        print(line)
    print("\na report of 10,000 records, read  longest delay   mean delay        takes")
    for name, (longest, mean, takes) in asyncio.run(_apart()).items():
        print(f"{name:30} {longest * 1e3:12.1f} ms {mean * 1e3:9.2f} ms {takes * 1e3:9.0f} ms")


if __name__ == "__main__":
    main()
