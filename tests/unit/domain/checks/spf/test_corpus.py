"""The published suites: every uncontested case, verdict and explanation."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.spf import evaluate
from tidegate.domain.checks.verdict import SpfResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.ip_address import parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STOPS = (Verdict.FAIL, Verdict.SOFTFAIL, Verdict.TEMPERROR, Verdict.PERMERROR)


def _check(case: dict[str, Any], sender: str, dns: Callable[[DnsQuery], DnsAnswer]) -> SpfResult:
    return complete(evaluate(parse(case["ip"]), case["helo"], sender, now=NOW), dns)


def test_corpus(corpora: Path, dns_of: Callable[[Any], Callable[[DnsQuery], DnsAnswer]]) -> None:
    """ML01 to ML05: OpenSPF's suite for RFC 7208 and those of pyspf, Apache James and Stalwart."""
    wrong = []
    lines = (corpora / "spf" / "cases.jsonl").read_text("utf-8").splitlines()
    for case in map(json.loads, lines):
        dns = dns_of(case["zone"])
        result = None
        if case.get("identity") == "helo-then-mailfrom":  # such a verifier checks HELO first and is content with a bad result
            result = _check(case, "", dns)
        if result is None or result.verdict not in STOPS:
            result = _check(case, case["mailfrom"], dns)
        explanation = "DEFAULT" if result.explanation is None else result.explanation
        if result.verdict not in case["expected"] or case["explanation"] not in (None, explanation):
            wrong.append((case["id"], case["expected"], case["explanation"], result))
    assert len(lines) > 100
    assert wrong == []
