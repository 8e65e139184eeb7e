"""ARC chains of the published suite, and one that dkimpy sealed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tidegate.adapters.dkim import verify_signature
from tidegate.domain.checks.arc import Chain, evaluate, read_chain
from tidegate.domain.checks.dkim import body_digests
from tidegate.domain.checks.lookups import Trace, complete
from tidegate.domain.checks.verdict import ArcResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.headers import HeaderBlock, inspect

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def validated(message: bytes, zone: dict[str, Any], trace: Trace | None = None) -> ArcResult:
    """The finding on a message; an absent name does not exist."""

    def answer(query: DnsQuery) -> DnsAnswer:
        if query.name not in zone:
            return DnsAnswer(DnsStatus.NXDOMAIN)
        return DnsAnswer(DnsStatus.NOERROR, texts=tuple("".join(record[1]).encode() for record in zone[query.name]))

    block = inspect(message)
    assert isinstance(block, HeaderBlock)
    chain = read_chain(block)
    digests = body_digests(message, block.body, chain.body_hashes) if isinstance(chain, Chain) else {}
    return complete(evaluate(chain, digests, now=NOW, verify=verify_signature, trace=trace), answer)


def test_corpus(corpora: Path) -> None:
    """The validation suite of the ARC draft."""
    cases = [json.loads(line) for line in (corpora / "arc" / "cases.jsonl").read_text("utf-8").splitlines()]
    assert len(cases) > 50
    wrong = []
    for case in cases:
        result = validated(case["message"].replace("\n", "\r\n").encode(), case["zone"])
        if result.verdict not in case["expected"]:
            wrong.append((case["id"], case["expected"], result))
    assert wrong == []


RSA_KEY = rsa.generate_private_key(65537, 1024)
PEM = RSA_KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
PUBLIC = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
ZONE = {"sel._domainkey.example.org": [["TXT", ["v=DKIM1; p=", *PUBLIC.decode().splitlines()[1:-1]]]]}
MESSAGE = (
    b"Authentication-Results: lists.example.org; arc=none; spf=pass smtp.mailfrom=jqd@d1.example\r\n"
    b"From: John <jqd@d1.example>\r\nTo: list@example.org\r\nSubject: hi\r\n\r\nHello  there\r\n"
)


def sealed(message: bytes, times: int) -> bytes:
    """The message sealed by dkimpy, each time on top of the last."""
    for _ in range(times):
        fields = dkim.arc_sign(message, b"sel", b"example.org", PEM, b"lists.example.org", include_headers=[b"from", b"to", b"subject"])
        message = b"".join(fields) + message.replace(b"Results: lists.example.org; arc=none", b"Results: lists.example.org; arc=pass")
    return message


@pytest.mark.parametrize("times", [1, 2, 3])
def test_sealed_by_dkimpy(times: int) -> None:
    """Chains of one to three sets are valid."""
    assert validated(sealed(MESSAGE, times), ZONE) == ArcResult(Verdict.PASS, times, 0, "example.org")


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        (lambda message: message.replace(b"Hello", b"hello"), "fail", "message signature 2: the body was changed"),
        (lambda message: message.replace(b"Subject: hi", b"Subject: ho"), "fail", "message signature 2: the signature does not match"),
        (lambda message: message.replace(b"To: ", b"TO:   "), "pass", ""),
        (lambda message: message.replace(b"i=1; lists", b"i=1; other"), "fail", "seal 2: the signature does not match"),
        (lambda message: message.replace(b"cv=pass", b"cv=fail"), "none", "seal 2 says that the chain was broken before it"),
        (lambda message: message.replace(b"cv=pass", b"cv=none"), "fail", "seal 2 says cv=none"),
        (lambda message: message.replace(b"cv=none", b"cv=pass"), "fail", "seal 2: the signature does not match"),
        (lambda message: message.replace(b"ARC-Seal: i=1", b"X-Seal: i=1"), "fail", "set 1 is not complete"),
        (lambda message: message.replace(b"i=2", b"i=3"), "fail", "the numbers of the sets have gaps"),
    ],
)
def test_changed_on_the_way(change: Callable[[bytes], bytes], verdict: str, reason: str) -> None:
    """A change breaks what covers it, and the finding says which."""
    message = sealed(MESSAGE, 2)
    result = validated(change(message), ZONE)
    assert (result.verdict, result.reason) == (verdict, reason)


def test_list_changes_subject() -> None:
    """What ARC is for: the second host changed the message, so that only its own message signature holds."""
    message = sealed(sealed(MESSAGE, 1).replace(b"Subject: hi", b"Subject: [list] hi"), 1)
    assert validated(message, ZONE) == ArcResult(Verdict.PASS, 2, 2, "example.org")


def test_key_trouble() -> None:
    """Without the key there is no valid chain."""
    trace = Trace()
    result = validated(sealed(MESSAGE, 1), {}, trace)
    assert (result.verdict, result.reason) == ("fail", "message signature 1: sel._domainkey.example.org: no key record")
    assert trace.lines[0] == "  DNS TXT sel._domainkey.example.org: nxdomain"
    assert trace.lines[-1].startswith("ARC fail: ")
