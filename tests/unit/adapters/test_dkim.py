"""Signatures of the outside world: published messages, and what dkimpy signs and verifies."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from tidegate.adapters.dkim import verify_signature
from tidegate.domain.checks.dkim import Algorithm, RsaKey, body_digests, evaluate, read_signatures
from tidegate.domain.checks.lookups import complete
from tidegate.domain.checks.verdict import DkimResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.headers import HeaderBlock, inspect

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # dkimpy signs with the present time
RSA_KEY = rsa.generate_private_key(65537, 1024)
ED25519_KEY = SigningKey(bytes(range(32)))
PRIVATE = {
    b"rsa-sha256": RSA_KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ),
    b"ed25519-sha256": b64encode(bytes(ED25519_KEY)),
}
PUBLIC = {
    b"rsa-sha256": b"v=DKIM1; k=rsa; p="
    + b64encode(RSA_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)),
    b"ed25519-sha256": b"v=DKIM1; k=ed25519; p=" + b64encode(bytes(ED25519_KEY.verify_key)),
}


def verified(message: bytes, dns: Callable[[DnsQuery], DnsAnswer], now: datetime = NOW) -> tuple[DkimResult, ...]:
    """The findings on a message."""
    block = inspect(message)
    assert isinstance(block, HeaderBlock)
    signatures = read_signatures(block)
    digests = body_digests(message, block.body, signatures.body_hashes)
    return complete(evaluate(signatures, digests, now=now, verify=verify_signature), dns)


def answering(zone: dict[str, Any]) -> Callable[[DnsQuery], DnsAnswer]:
    """TXT records of a zone of the test material."""

    def answer(query: DnsQuery) -> DnsAnswer:
        records = zone.get(query.name)
        if records is None:
            return DnsAnswer(DnsStatus.NXDOMAIN)
        if any(record[-1] == "TIMEOUT" for record in records):
            return DnsAnswer(DnsStatus.TEMPERROR)
        return DnsAnswer(DnsStatus.NOERROR, texts=tuple("".join(record[1]).encode() for record in records if record[0] == "TXT"))

    return answer


def test_corpus(corpora: Path) -> None:
    """ML06 to ML11: Mail::DKIM, Stalwart, dkimpy, MimeKit, James, rspamd, OpenDKIM: every pass bit, 95 of 100 words (RFC 8301 in force)."""
    wrong_bits, wrong_words, judged = [], [], 0
    for case in map(json.loads, (corpora / "dkim" / "cases.jsonl").read_text("utf-8").splitlines()):
        message = (corpora / "dkim" / case["file"]).read_bytes()
        if case["eol"] == "lf":
            message = message.replace(b"\n", b"\r\n")
        times = [(NOW, case["expected_rfc8301"])]
        if "expected_at_now" in case:
            times.append((datetime.fromtimestamp(case["now"], UTC), case["expected_at_now"]))
        for now, expected in times:
            verdicts = [result.verdict.value for result in verified(message, answering(case["zone"]), now)]
            judged += 1
            if ("pass" in verdicts) != ("pass" in expected):
                wrong_bits.append((case["id"], expected, verdicts))
            if not set(verdicts) & set(expected):
                wrong_words.append((case["id"], expected, verdicts))
    assert judged > 20
    assert wrong_bits == []
    assert len(wrong_words) <= judged * 0.05, wrong_words


def theirs(message: bytes, algorithm: bytes) -> bool | None:
    """What dkimpy says; None where it does not take the header section."""
    try:
        checker = dkim.DKIM(message)
    except (dkim.MessageFormatError, IndexError):
        return None
    try:
        return bool(checker.verify(dnsfunc=lambda name, timeout=5: PUBLIC[algorithm]))
    except (dkim.DKIMException, ValueError):  # PyNaCl refuses a signature of another length
        return False


words = st.text(st.sampled_from("ab \t"), max_size=8).map(str.encode)
fields = st.lists(
    st.builds(lambda name, value: name + b": " + value + b"\r\n", st.sampled_from([b"Subject", b"To", b"X-Y", b"TO"]), words),
    max_size=5,
).map(b"".join)
bodies = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r\n", b"text  of\t lines \r\n", b"b"]), max_size=12).map(b"".join)
forms = st.sampled_from([b"simple", b"relaxed"])


@settings(max_examples=60)
@given(st.sampled_from(sorted(PRIVATE)), fields, bodies, forms, forms, st.data())
def test_agrees_with_dkimpy(algorithm: bytes, header: bytes, body: bytes, header_form: bytes, body_form: bytes, data: st.DataObject) -> None:
    """What dkimpy signed passes; after a change both say the same."""
    message = header + b"From: joe@example.com\r\n\r\n" + body + b"\r\n"
    field = dkim.sign(
        message,
        b"sel",
        b"example.com",
        PRIVATE[algorithm],
        canonicalize=(header_form, body_form),
        signature_algorithm=algorithm,
        include_headers=[b"from", b"subject", b"to", b"to", b"x-y", b"absent"],
    )
    signed = field + message

    def ours(changed: bytes) -> Verdict:
        (result,) = verified(changed, lambda query: DnsAnswer(DnsStatus.NOERROR, texts=(PUBLIC[algorithm],)), LATER)
        return result.verdict

    assert ours(signed) == "pass"
    position = data.draw(st.integers(len(field) - 90, len(signed) - 1))
    replacement = data.draw(st.sampled_from([b"", b" ", b"a", b"  ", b"x"]))
    changed = signed[:position] + replacement + signed[position + 1 :]
    # Bare CR and LF do not get here from SMTP, and dkimpy takes them for line ends.
    assume(changed.count(b"\r\n") == changed.count(b"\r") == changed.count(b"\n"))
    assume(changed.count(b"DKIM-Signature:") == 1)
    assume(changed.lower().count(b"\r\nfrom") == 1)
    assume(changed.endswith(b"\r\n"))
    expected = theirs(changed, algorithm)
    assume(expected is not None)
    assert (ours(changed) == "pass") == expected


@pytest.mark.parametrize("signature", [b"", b"\x00", b"\xff" * 64, b"\x00" * 63, b"\x00" * 65])
def test_ed25519_never_raises(signature: bytes) -> None:
    """ML07: a signature of any length is right or wrong, nothing else."""
    assert verify_signature(bytes(ED25519_KEY.verify_key), Algorithm.ED25519_SHA256, b"data", signature) is False
    assert verify_signature(b"\xff" * 32, Algorithm.ED25519_SHA256, b"data", signature) is False


@pytest.mark.parametrize("bits", [64, 256, 512, 1024])
def test_rsa_never_raises(bits: int) -> None:
    """ML07: nor does a key too short for the digest."""
    key = RsaKey((1 << (bits - 1)) + 1, 3)
    assert verify_signature(key, Algorithm.RSA_SHA256, b"data", b"\x01" * (bits // 8)) is False
