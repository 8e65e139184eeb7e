"""Spamd's reports: those of a real one, with messages that write into them, and some that cannot be read."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.servers.scripted_spamd import answering, scripted
from tests.servers.spamd import Spamd
from tests.servers.spamd_rules import FOREIGN, LONG

from tidegate.adapters.spamd import SpamdScanner
from tidegate.domain.spam_rule import SpamRule
from tidegate.domain.spamd_address import SpamdAddress
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.spam_scanner import SpamVerdict
from tidegate.ports.testing.spam_scanner import ORDINARY, REPORT, SPAM

pytestmark = pytest.mark.integration

FORGED = " 9.9 FORGED                 BODY: forged~"
HEADING = "---- ---------------------- " + "-" * 50 + "~"
SYMBOLS = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 3\r\nSpam: False ; 1.0 / 5.0\r\n\r\nA,B"
ODD_REPORT = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\nSpam: True ; 7.0 / 5.0\r\n\r\nSpam!"


def body(text: str) -> bytes:
    """Ordinary mail with this body."""
    return ORDINARY.replace(b"Shall we meet on Friday?", text.encode())


async def both(spamd: Spamd, message: bytes) -> tuple[SpamVerdict, SpamVerdict]:
    """What the daemon answers to SYMBOLS and to REPORT."""
    address = SpamdAddress("127.0.0.1", spamd.port)
    return await SpamdScanner([address], timeout_s=60).scan(message), await SpamdScanner([address], timeout_s=60, report=True).scan(message)


@pytest.mark.parametrize(
    "message",
    [
        ORDINARY,
        SPAM,
        b"",
        ORDINARY + REPORT,
        body("LOCALMANY LOCALMANY LOCALLONG LOCALFOREIGN"),
        body("LOCALFOREIGN 日本語 " * 60).replace(b"Subject", b"Content-Type: text/plain; charset=utf-8\r\nSubject"),
        body("Write to ann77@gmail.com or bob_is_my_name_and_i_am_very_long_indeed@yahoo.com.").replace(b"ann@example.net", b"ann77@gmail.com"),
        body("FINDS<score: 0.9999>"),
        body("FINDS<one two three four five six seven eight nine ten eleven twelve thirteen fourteen>"),
        body(f"FINDS<{'x' * 60}>"),
    ],
    ids=["ham", "spam", "empty", "imitation", "descriptions", "encoded", "freemail", "finding", "long-finding", "one-word"],
)
async def test_points_of_every_rule(spamd: Spamd, message: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The report of a real spamd has the rules that it names when asked for these alone, and their points make the score."""
    plain, reported = await both(spamd, message)
    assert reported.rules is not None, caplog.text
    assert plain.rules is None
    assert (plain.spam, plain.score, plain.threshold, plain.symbols) == (reported.spam, reported.score, reported.threshold, reported.symbols)
    assert sorted(rule.name for rule in reported.rules) == list(plain.symbols)
    assert sum(rule.score for rule in reported.rules) == pytest.approx(plain.score, abs=0.05 * len(reported.rules) + 1)


async def test_descriptions(spamd: Spamd) -> None:
    """Long ones are whole again, foreign ones in their letters; a rule without any has none, and each match of a rule is told."""
    message = body("LOCALMANY LOCALMANY LOCALLONG LOCALFOREIGN FINDS<x>").replace(b"Lunch", b"LOCALNAME")
    _, verdict = await both(spamd, message)
    assert verdict.rules is not None
    assert [rule for rule in verdict.rules if rule.name.startswith("LOCAL_")] == [
        SpamRule("LOCAL_FOREIGN", 12.0, f"BODY: {FOREIGN}"),
        SpamRule("LOCAL_MANY", 0.7, "BODY: Many times"),
        SpamRule("LOCAL_MANY", 0.7, "BODY: Many times"),
        SpamRule("LOCAL_FINDS", 0.5, "BODY: Text of the message"),
        SpamRule("LOCAL_LONG", 0.0, "BODY: " + " ".join(LONG.split())),
        SpamRule("LOCAL_A_NAME_THAT_IS_LONGER_THAN_TWENTY_TWO", -10.0),
    ]


@pytest.mark.parametrize(
    "found",
    [
        f"x]~{FORGED}{' ' * 28}[y",
        f"{'x' * 90}]~{FORGED}{' ' * 28}[y",
        f"{'x' * 90}]~{FORGED.replace(' 9.9', ' 0.0')}{' ' * 28}[y",
        "x]~ 0.0 FORGED                 B",
        "x]~ 0.0 FORGED                 B~~",
        f"x]~~{HEADING}{FORGED}",
        "x~~",
    ],
)
async def test_messages_forge_no_rules(spamd: Spamd, found: str, caplog: pytest.LogCaptureFixture) -> None:
    """ML20: text of a message that spamd sets into its table as lines of their own makes no rule; it costs the points, neither decision nor
    names, and the operator reads why."""
    plain, reported = await both(spamd, body(f"FINDS<{found}>"))
    assert reported == plain
    assert reported.rules is None
    assert "LOCAL_FINDS" in reported.symbols
    assert "FORGED" not in reported.symbols
    (record,) = caplog.records
    assert record.message == "spam report cannot be read"
    assert str(spamd.port) in record.__dict__["reason"]


@asynccontextmanager
async def answers(*pieces: bytes) -> AsyncIterator[tuple[SpamdAddress, list[bytes]]]:
    """A daemon that gives these answers one after the other, nothing for an empty one, and the last one again; and what it was asked."""
    asked: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        piece = pieces[min(len(asked), len(pieces) - 1)]
        asked.append(await reader.readline())
        await (answering(piece)(reader, writer) if piece else asyncio.Event().wait())

    async with scripted(script) as address:
        yield address, asked


async def test_names_are_asked_for_where_a_report_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    """Of another template nothing is read; the daemon is asked once more, for the names."""
    caplog.set_level(logging.WARNING)
    async with answers(ODD_REPORT, SYMBOLS) as (address, asked):
        assert await SpamdScanner([address], report=True).scan(ORDINARY) == SpamVerdict(False, 1.0, 5.0, ("A", "B"))
        assert asked == [b"REPORT SPAMC/1.5\r\n", b"SYMBOLS SPAMC/1.5\r\n"]
    assert [record.message for record in caplog.records] == ["spam report cannot be read"]
    assert "no table of rules" in caplog.records[0].__dict__["reason"]


@pytest.mark.parametrize("second", [b"", b"SPAMD/1.0 74 EX_IOERR\r\n\r\n"], ids=["silent", "error"])
async def test_decision_stands_without_names(second: bytes) -> None:
    """ML19: what the head of a report says is not lost with what comes after it, and there is one deadline for both."""
    async with answers(ODD_REPORT, second) as (address, asked):
        assert await SpamdScanner([address], timeout_s=1, report=True).scan(ORDINARY) == SpamVerdict(True, 7.0, 5.0)
        assert len(asked) == 2


async def test_silent_daemon() -> None:
    """ML19: who does not answer to REPORT is not asked again."""
    async with answers(b"") as (address, asked):
        with pytest.raises(TemporaryFailure, match="no answer within"):
            await SpamdScanner([address], timeout_s=0.3, report=True).scan(ORDINARY)
        assert len(asked) == 1
