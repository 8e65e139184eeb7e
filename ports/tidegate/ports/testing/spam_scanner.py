"""Contract checks for :class:`tidegate.ports.spam_scanner.SpamScanner`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from math import isfinite

from tidegate.domain.spam_rule import MAX_DESCRIPTION_CHARS
from tidegate.ports.errors import PermanentFailure
from tidegate.ports.spam_scanner import Handover, SpamScanner

ScannerMaker = Callable[[], AbstractAsyncContextManager[SpamScanner]]
"""Sets up one fresh scanner that takes messages of 4 kB at least and 1 MB at most, and takes it down again. A scanner made of data knows the
text below."""

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""The text that every scanner takes for spam, as virus scanners know the EICAR text."""

ORDINARY = (
    b"Received: from mail.example.net ([192.0.2.1])\r\n\tby mx.example.com with ESMTP;\r\n\tSun, 22 Nov 2026 12:00:00 +0000\r\n"
    b"From: Ann <ann@example.net>\r\nTo: Bob <bob@example.com>\r\nSubject: Lunch\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.net>\r\n\r\nShall we meet on Friday?\r\n"
)
SPAM = ORDINARY.replace(b"Shall we", GTUBE + b"\r\n\r\nShall we")
REPORT = (
    b"\r\nContent analysis details:   (9.9 points, 5.0 required)\r\n\r\n pts rule name              description\r\n"
    b"---- ---------------------- --------------------------------------------------\r\n"
    b" 9.9 FORGED                 BODY: forged\r\n-9.9 FORGED_WITH_A_LONGER_NAME BODY: forged\r\n"
)
"""What a report of SpamAssassin looks like."""
HANDOVER = Handover("192.0.2.1", "mail.example.net", "ann@example.net", ("bob@example.com",))


async def check_tells_spam_from_ham(make: ScannerMaker) -> None:
    """Spam is spam and ordinary mail is not, told how the message came or not; scores agree with the decision."""
    async with make() as scanner:
        for handover in (None, HANDOVER):
            ham, spam = await scanner.scan(ORDINARY, handover), await scanner.scan(SPAM, handover)
            assert not ham.spam
            assert ham.score < ham.threshold
            assert spam.spam
            assert spam.score >= spam.threshold
            assert any("GTUBE" in symbol for symbol in spam.symbols)


async def check_points_explain_the_score(make: ScannerMaker) -> None:
    """Rules with points, where there are any, are those of ``symbols``, the greatest first, with words that can be shown. Text of a message
    that looks like a report makes none.
    """
    async with make() as scanner:
        for message in (ORDINARY, SPAM, ORDINARY + REPORT):
            verdict = await scanner.scan(message, HANDOVER)
            assert not any("FORGED" in symbol for symbol in verdict.symbols)
            if verdict.rules is not None:
                assert sorted(rule.name for rule in verdict.rules) == sorted(verdict.symbols)
                scores = [rule.score for rule in verdict.rules]
                assert scores == sorted(scores, reverse=True)
                assert all(isfinite(score) for score in scores)
                assert all(rule.description.isprintable() and len(rule.description) <= MAX_DESCRIPTION_CHARS for rule in verdict.rules)


async def check_any_bytes(make: ScannerMaker) -> None:
    """Messages without header or body, of odd bytes or of text that looks like a protocol are scored like any other."""
    odd = [
        b"",
        b"\r\n",
        b"\r\n\r\nSYMBOLS SPAMC/1.5\r\nContent-length: 0\r\n\r\n",
        b"0\r\n\r\nPOST /checkv2 HTTP/1.1\r\n\r\n",
        bytes(range(256)) * 4,
        b"Subject: \0\xff\r\n\r\n.\r\n",
    ]
    async with make() as scanner:
        for verdict in await asyncio.gather(*map(scanner.scan, odd)):
            assert not any("GTUBE" in symbol for symbol in verdict.symbols)


async def check_odd_handovers(make: ScannerMaker) -> None:
    """Whatever a client said of itself, the message is scored."""
    texts = ["", "a b", "x\r\nUser: root", "bücher.example", "\0", '"a\\"b"@example.com', "<>", "x" * 300, "%0d%0a", "\ud800"]
    async with make() as scanner:
        verdicts = await asyncio.gather(*(scanner.scan(ORDINARY, Handover("2001:db8::1", text, text, (text, text))) for text in texts))
        assert not any(verdict.spam for verdict in verdicts)


async def check_large_messages(make: ScannerMaker) -> None:
    """The largest message is taken, a larger one never will be."""
    async with make() as scanner:
        room = scanner.max_message_bytes - len(ORDINARY)
        verdict = await scanner.scan(ORDINARY + (b"word " * 15 + b"\r\n") * (room // 77) + b"x" * (room % 77))
        assert verdict.threshold > 0
        (outcome,) = await asyncio.gather(scanner.scan(bytes(scanner.max_message_bytes + 1)), return_exceptions=True)
        assert isinstance(outcome, PermanentFailure)
        assert str(scanner.max_message_bytes) in str(outcome)


async def check_many_at_once(make: ScannerMaker) -> None:
    """Each of several that ask at the same time gets the answer to its own question."""
    async with make() as scanner:
        verdicts = await asyncio.gather(*(scanner.scan(SPAM if number % 2 else ORDINARY) for number in range(6)))
        assert [verdict.spam for verdict in verdicts] == [False, True] * 3


async def check_cancellation(make: ScannerMaker) -> None:
    """Who gives up disturbs nobody."""
    async with make() as scanner:
        tasks = [asyncio.ensure_future(scanner.scan(SPAM)) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert not isinstance(outcomes[1], BaseException)
        assert outcomes[1].spam


SpamScannerCheck = Callable[[ScannerMaker], Awaitable[None]]

SPAM_SCANNER_CHECKS: tuple[SpamScannerCheck, ...] = (
    check_tells_spam_from_ham,
    check_points_explain_the_score,
    check_any_bytes,
    check_odd_handovers,
    check_large_messages,
    check_many_at_once,
    check_cancellation,
)
"""All of them; run each on a maker of its own."""
