"""The work of the checks is linear in the size of their input, for the shapes that make careless readers quadratic.

Work is counted in calls, of Python and of C functions: that does not depend on the machine. What happens inside one call is covered by size:
at these sizes a quadratic search would run for minutes.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from tests.calls import calls

from tidegate.domain.checks import arc, dkim, dmarc, spf
from tidegate.domain.checks.authentication_results import forged_results
from tidegate.domain.checks.dkim.body import BodyHash, body_digests
from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.lookups import complete
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.headers import HeaderBlock, HeaderLimits, inspect
from tidegate.domain.ip_address import parse

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = b"v=DKIM1; k=ed25519; p=" + b64encode(bytes(32))
FROM = b"From: joe@example.com\r\n"
LIMITS = HeaderLimits(2**40, 2**40, 2**40)  # what the server takes is less


def signature(b: bytes = b"AAAA", h: bytes = b"from", more: bytes = b"") -> bytes:
    """A DKIM-Signature whose body hash is right for a body of nothing."""
    bh = b64encode(sha256(b"").digest())
    return b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s; bh=%b; h=%b;%b b=%b\r\n" % (bh, h, more, b)


def arc_sets(count: int) -> bytes:
    """A chain of so many sets."""
    found = b""
    for number in range(1, count + 1):
        cv = b"none" if number == 1 else b"pass"
        found += b"ARC-Seal: i=%d; a=ed25519-sha256; d=example.com; s=s; cv=%b; b=AAAA\r\n" % (number, cv)
        found += signature(more=b" i=%d;" % number).replace(b"DKIM-Signature: v=1;", b"ARC-Message-Signature:")
        found += b"ARC-Authentication-Results: i=%d; example.com; none\r\n" % number
    return found


SHAPES: dict[str, Callable[[int], bytes]] = {
    "body of lines of blanks": lambda n: signature() + FROM + b"\r\n" + (b" " * 990 + b"x\r\n") * (n // 100),
    "body of one line of blanks": lambda n: signature() + FROM + b"\r\n" + b" " * n * 10 + b"x\r\n",
    "body of blanks and tabs": lambda n: signature() + FROM + b"\r\n" + b" \t" * n * 5,
    "body of line ends": lambda n: signature() + FROM + b"\r\n" + b"\r\n" * n * 5,
    "body of bare line ends": lambda n: signature() + FROM + b"\r\n" + b"\n\r" * n * 5,
    "blanks in b=": lambda n: signature(b=b"A" + b" " * n + b"!") + FROM,
    "folds in b=": lambda n: signature(b=b"A" + b"\r\n " * n + b"A") + FROM,
    "padding in b=": lambda n: signature(b=b"=" * n) + FROM,
    "blanks in h=": lambda n: signature(h=b"from" + b" " * n + b"x") + FROM,
    "blanks around names in h=": lambda n: signature(h=b"from" + b" : " * n) + FROM,
    "names in h=": lambda n: signature(h=b":".join([b"from"] * n)) + FROM,
    "tags": lambda n: signature(more=b"".join(b" t%d=x;" % number for number in range(n))) + FROM,
    "semicolons": lambda n: signature(more=b";" * n) + FROM,
    "signatures": lambda n: signature() * (n // 10) + FROM,
    "fields that are signed": lambda n: signature(h=b":".join([b"from", *[b"x"] * 999])) + b"X: y\r\n" * n + FROM,
    "blanks in a signed field": lambda n: signature(h=b"from:x") + b"X:" + b"\r\n " * n + b"\r\n" + FROM,
    "ARC fields": lambda n: arc_sets(50) + b"ARC-Seal: i=51\r\n" * (n // 10) + FROM,
    "commas in From": lambda n: b"From: " + b"a@b.c," * (n // 10) + b"\r\n",
    "quotes in From": lambda n: b"From: " + b'"' * n + b"\r\n",
    "backslashes in From": lambda n: b'From: "' + b"\\a" * n + b"\r\n",
    "comments in From": lambda n: b"From: " + b"(" * n + b"\r\n",
    "encoded words in From": lambda n: b"From: " + b"=?" * n + b"\r\n",
    "From fields": lambda n: FROM * n,
    "blanks behind From": lambda n: b"From" + b" " * n + b": a@b.c\r\n",
    "comments in results": lambda n: b"Authentication-Results: " + b"(x)" * n + b" mx.example.net\r\n" + FROM,
    "open comments in results": lambda n: b"Authentication-Results: " + b"(" * n + b"\r\n" + FROM,
    "quotes in results": lambda n: b"Authentication-Results: " + b'"\\' * n + b"\r\n" + FROM,
    "words in results": lambda n: b"Authentication-Results: " + b"a " * n + b"\r\n" + FROM,
    "names of results": lambda n: b"Authentication-Results" * n + b"\r\n" + FROM,
    "folds behind results": lambda n: b"Authentication-Results" + b"\r\n " * n + b"\r\n" + FROM,
    "results": lambda n: b"Authentication-Results: mx.example.net\r\n" * n + FROM,
}


def check(message: bytes) -> None:
    """What the checks make of a message, with a key for every signature; no signature holds, but all are looked at to the end."""
    block = inspect(message, LIMITS)
    assert isinstance(block, HeaderBlock)
    signatures, chain = dkim.read_signatures(block), arc.read_chain(block)
    digests = dkim.body_digests(message, block.body, (*signatures.body_hashes, *(chain.body_hashes if isinstance(chain, arc.Chain) else ())))
    complete(dkim.evaluate(signatures, digests, now=NOW, verify=lambda *_: True), key)
    complete(arc.evaluate(chain, digests, now=NOW, verify=lambda *_: True), key)
    complete(dmarc.evaluate(dmarc.author_of(block), None, ()), key)
    assert list(forged_results(block, {"mx.example.net"})) is not None


def key(query: DnsQuery) -> DnsAnswer:
    """The same key for everything."""
    return DnsAnswer(DnsStatus.NOERROR, texts=(KEY,))


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_no_faster_than_the_message(shape: str) -> None:
    """ML06, ML09, ML12, ML21, HD10, HD13: twice the message is at most about twice the work; bounds may make it less."""
    size = 4_000
    one, two = SHAPES[shape](size), SHAPES[shape](2 * size)
    once, twice = calls(lambda: check(one)), calls(lambda: check(two))
    assert twice <= 2.2 * once + 500


@pytest.mark.parametrize("shape", SHAPES)
def test_large_messages_end(shape: str) -> None:
    """ML21: the same shapes at half a megabyte and more: a quadratic step anywhere would not end within the time limit of a test."""
    check(SHAPES[shape](200_000))


RECORDS: dict[str, Callable[[int], bytes]] = {
    "networks": lambda n: b"v=spf1" + b" ip4:192.0.2.0/24" * n,
    "macros": lambda n: b"v=spf1 exists:" + b"%{s1r.-+,/_=}" * n,
    "percents": lambda n: b"v=spf1 exists:" + b"%%" * n + b"%",
    "slashes": lambda n: b"v=spf1 a:" + b"/" * n,
    "digits and slashes": lambda n: b"v=spf1 a:x.example" + b"/1" * n,
    "dots": lambda n: b"v=spf1 a:" + b"." * n + b"x",
    "hyphens": lambda n: b"v=spf1 a:x." + b"-" * n,
    "blanks": lambda n: b"v=spf1" + b" " * n,
    "policies": lambda n: b"v=DMARC1" + b";p=none" * n,
    "addresses": lambda n: b"v=DMARC1;p=none;rua=" + b"mailto:a@x.example!1," * n,
    "blanks in a policy": lambda n: b"v" + b" " * n + b"=DMARC1",
    "blanks in a key": lambda n: b"v=DKIM1; p=" + b" " * n,
    "tags of a key": lambda n: b"v=DKIM1;" + b"".join(b"t%d=x;" % number for number in range(n)),
}


@pytest.mark.parametrize("shape", RECORDS)
def test_records(shape: str) -> None:
    """ML03, ML14: what domains publish is read in linear work, up to the length that is read at all; beyond it costs next to nothing."""

    def run(size: int) -> int:
        text = RECORDS[shape](size)

        def answer(query: DnsQuery) -> DnsAnswer:
            return DnsAnswer(DnsStatus.NOERROR, texts=(text,))

        def ask() -> None:
            message = inspect(signature() + FROM + b"\r\n")
            assert isinstance(message, HeaderBlock)
            signatures = dkim.read_signatures(message)
            digests = dkim.body_digests(message.message, message.body, signatures.body_hashes)
            complete(dkim.evaluate(signatures, digests, now=NOW, verify=lambda *_: False), answer)
            complete(dmarc.evaluate(dmarc.author_of(message), None, ()), answer)
            complete(spf.evaluate(parse("192.0.2.1"), "x", "a-b.c@example.com", now=NOW), answer)

        return calls(ask)

    once, twice = run(50), run(100)
    assert twice <= 2.2 * once + 500
    assert run(100_000) <= run(0) + 500


def test_lengths_of_a_body_cost_one_hash() -> None:
    """ML08, ML21: fifty signatures that each name another length hash the body once."""
    body = b"line of text\r\n" * 600_000

    def run(lengths: int) -> int:
        return calls(
            lambda: body_digests(body, 0, [BodyHash(Canonicalization.SIMPLE, "sha256", 7_000_000 + number) for number in range(lengths)])
        )

    assert run(50) <= run(1) + 50 * 20


def test_sealed_fields_are_canonicalized_once() -> None:
    """ML06, ML21: each of fifty seals covers all sets before it; the canonical form of a field is made once, and once without its signature."""
    message = arc_sets(50) + FROM + b"\r\n"
    assert calls(lambda: check(message), "relaxed_field") <= 50 * 4 + 10
