"""PROXY headers of other projects' test suites."""

import json
from pathlib import Path

import pytest

from tidegate.domain.connection import Endpoints
from tidegate.domain.proxy_protocol import Header, NeedMore, Origin, Rejected, parse

ORIGINS = {"tcp4": Origin.CLIENT, "tcp6": Origin.CLIENT, "local": Origin.LOCAL, "unknown": Origin.UNKNOWN}


def test_corpus(corpora: Path, subtests: pytest.Subtests) -> None:
    """Every case that is not contested comes out as expected, alone and with SMTP or TLS bytes right behind it."""
    cases = [json.loads(line) for line in (corpora / "proxy" / "cases.jsonl").read_text().splitlines()]
    assert cases
    for case in cases:
        with subtests.test(case["id"]):
            data, expected = bytes.fromhex(case["hex"]), case["expected"]
            outcome = parse(data)
            match expected["outcome"]:
                case "reject":
                    assert isinstance(outcome, Rejected)
                case "incomplete":
                    assert isinstance(outcome, NeedMore)
                case "ok":
                    endpoints = Endpoints(*(expected[key] for key in ("src", "src_port", "dst", "dst_port"))) if "src" in expected else None
                    assert outcome == Header(expected["version"], len(data), ORIGINS[expected["family"]], endpoints)
            if expected["outcome"] != "incomplete":
                assert outcome == parse(data + b"EHLO client.example\r\n") == parse(data + b"\x16\x03\x01\x02\x00")
