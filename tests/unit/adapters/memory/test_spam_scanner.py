"""The scanner whose rules are data keeps the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.spam_scanner import StaticSpamScanner
from tidegate.domain.spam_rule import SpamRule
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.spam_scanner import SpamScanner, SpamVerdict
from tidegate.ports.testing.spam_scanner import GTUBE, HANDOVER, SPAM_SCANNER_CHECKS, SpamScannerCheck

RULES = {GTUBE: ("GTUBE", 1000.0), b"lottery": ("LOTTERY", 2.5)}


@pytest.mark.parametrize("report", [False, True])
@pytest.mark.parametrize("check", SPAM_SCANNER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: SpamScannerCheck, report: bool) -> None:
    """Every contract check passes on a scanner that knows the test text, with points and without."""

    @asynccontextmanager
    async def make() -> AsyncIterator[SpamScanner]:
        yield StaticSpamScanner(RULES, report=report)

    await check(make)


async def test_scores_add_up() -> None:
    """What was scanned can be seen; a scanner that is away fails."""
    scanner = StaticSpamScanner({**RULES, b"prize": ("PRIZE", 2.5)})
    assert await scanner.scan(b"lottery", HANDOVER) == SpamVerdict(False, 2.5, 5.0, ("LOTTERY",))
    assert await scanner.scan(b"lottery prize") == SpamVerdict(True, 5.0, 5.0, ("LOTTERY", "PRIZE"))
    assert scanner.scanned == [(b"lottery", HANDOVER), (b"lottery prize", None)]
    scanner.report = True
    assert (await scanner.scan(b"lottery prize")).rules == (SpamRule("LOTTERY", 2.5), SpamRule("PRIZE", 2.5))
    scanner.away = "on holiday"
    with pytest.raises(TemporaryFailure, match="on holiday"):
        await scanner.scan(b"")
