"""Verdicts on signatures. The mathematics is replaced: a signature holds when it is a digest of key and data."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.dkim import Algorithm, PublicKey, RsaKey, body_digests, evaluate, read_signatures
from tidegate.domain.checks.dkim.canonical import Canonicalization
from tidegate.domain.checks.dkim.header import SignedHeader
from tidegate.domain.checks.dkim.signature import field_tags
from tidegate.domain.checks.dkim.tags import split_list
from tidegate.domain.checks.dkim.verification import MAX_SIGNATURES
from tidegate.domain.checks.lookups import PAUSE, Trace, complete
from tidegate.domain.checks.verdict import DkimResult, Verdict
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus
from tidegate.domain.headers import HeaderBlock, inspect

NOW = 1_800_000_000
BODY = b"Hello\r\n"
KEY = hashlib.sha256(b"key").digest()
KEY_RECORD = f"v=DKIM1; k=ed25519; p={b64encode(KEY).decode()}"
DnsOf = Callable[[Any], Callable[[DnsQuery], DnsAnswer]]


def holds(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes) -> bool:
    """The stand-in for the mathematics."""
    assert isinstance(key, bytes) != (algorithm is not Algorithm.ED25519_SHA256)
    secret = key if isinstance(key, bytes) else str(key.modulus).encode()
    return hashlib.sha256(secret + signed).digest() == signature[-32:]


def block(message: bytes) -> HeaderBlock:
    """The message with its header found."""
    found = inspect(message)
    assert isinstance(found, HeaderBlock)
    return found


def signed(fields: bytes, /, secret: bytes = KEY, size: int = 32, **tags: str) -> bytes:
    """A message with a signature on top, by the stand-in."""
    algorithm = tags.get("a", "ed25519-sha256")
    covered = BODY[: int(tags["l"])] if tags.get("l", "").isdigit() else BODY
    digest = hashlib.new(algorithm.partition("-")[2], covered).digest()
    defaults = {"v": "1", "a": algorithm, "d": "example.com", "s": "sel", "h": "from:subject", "bh": b64encode(digest).decode()}
    text = "; ".join(f"{name}={value}" for name, value in (defaults | tags | {"b": ""}).items())
    unsigned = block(f"DKIM-Signature: {text}\r\n".encode() + fields + b"\r\n" + BODY)
    field = unsigned.first(b"dkim-signature")
    assert field is not None
    names = [name.lower().encode() for name in split_list(field_tags(field)["h"])]
    form = Canonicalization((tags.get("c") or "simple").partition("/")[0])
    data = SignedHeader.of(unsigned).signed_data(names, form, field)
    value = b64encode(hashlib.sha256(secret + data).digest().rjust(size, b"\x00")).decode()
    return unsigned.message.replace(b"b=\r\n", f"b={value}\r\n".encode(), 1)


FIELDS = b"From: joe@example.com\r\nSubject: hi\r\n"


@pytest.fixture
def check(dns_of: DnsOf) -> Callable[..., list[tuple[str, str]]]:
    """Verdicts and reasons on a message, with the key record given."""

    def run(message: bytes, record: str | None = KEY_RECORD, now: int = NOW) -> list[tuple[str, str]]:
        signatures = read_signatures(block(message))
        digests = body_digests(message, signatures.header.body, signatures.body_hashes)
        zone = {} if record is None else {"sel._domainkey.example.com": [["TXT", "TIMEOUT" if record == "TIMEOUT" else [record]]]}
        results = complete(evaluate(signatures, digests, now=datetime.fromtimestamp(now, UTC), verify=holds), dns_of(zone))
        assert all(result.reason.isascii() and result.reason.isprintable() for result in results)
        return [(result.verdict, result.reason) for result in results]

    return run


Check = Callable[..., list[tuple[str, str]]]


def test_pass(check: Check) -> None:
    """A whole message, with every form."""
    assert check(signed(FIELDS)) == [("pass", "")]
    assert check(signed(FIELDS, c="relaxed/relaxed")) == [("pass", "")]
    assert check(signed(FIELDS, i="joe@mail.example.com", t=str(NOW), x=str(NOW + 1))) == [("pass", "")]


def test_finding_names_the_signature(dns_of: DnsOf) -> None:
    """All documented keys, as signed."""
    message = signed(FIELDS, i="j=40e@mail.example.com")
    signatures = read_signatures(block(message))
    digests = body_digests(message, signatures.header.body, signatures.body_hashes)
    zone = {"sel._domainkey.example.com": [["TXT", [KEY_RECORD]]]}
    (result,) = complete(evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=holds), dns_of(zone))
    shown = message.partition(b" b=")[2][:8].decode()
    assert result == DkimResult(Verdict.PASS, "example.com", "sel", "j@e@mail.example.com", shown, algorithm="ed25519-sha256")


def test_no_signature(check: Check) -> None:
    """One finding says so, and nothing is asked; DomainKeys do not count."""
    assert check(b"DomainKey-Signature: a=rsa-sha1\r\n" + FIELDS + b"\r\n" + BODY) == [("none", "no signature")]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Hello", b"HelloX", "the body was changed"),
        (b"hi", b"ho", "the signature does not match the header"),
        (b"joe@", b"eve@", "the signature does not match the header"),
        (b"s=sel;", b"s=sel ;", "the signature does not match the header"),
    ],
)
def test_changed_on_the_way(check: Check, old: bytes, new: bytes, reason: str) -> None:
    """Fail says what was changed."""
    assert check(signed(FIELDS).replace(old, new)) == [("fail", reason)]


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (None, "permerror"),
        ("TIMEOUT", "temperror"),
        ("v=DKIM1; k=ed25519; p=", "permerror"),
        ("other", "permerror"),
        (KEY_RECORD + "; h=sha1", "permerror"),
        (KEY_RECORD + "; h=sha256:sha1", "pass"),
        (KEY_RECORD + "; s=web", "permerror"),
        (KEY_RECORD + "; t=y", "pass"),
        (KEY_RECORD + "; t=s", "pass"),
        (KEY_RECORD.replace("ed25519", "rsa"), "permerror"),
    ],
)
def test_key_trouble(check: Check, record: str | None, verdict: str) -> None:
    """ML07: a missing, broken, revoked or unsuitable key is permerror; no answer is temperror."""
    assert check(signed(FIELDS), record)[0][0] == verdict


def test_strict_key(check: Check) -> None:
    """t=s: i= may not be of a subdomain."""
    assert check(signed(FIELDS, i="@mail.example.com"), KEY_RECORD + "; t=s")[0][0] == "permerror"
    assert check(signed(FIELDS, i="x@Example.com"), KEY_RECORD + "; t=s")[0][0] == "pass"


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("7", "pass"), ("6", "policy"), ("0", "policy"), ("8", "permerror"), ("99999999999999999999", "permerror"), ("-1", "permerror")],
)
def test_partial_body(check: Check, limit: str, verdict: str) -> None:
    """ML08: a signature that leaves body unsigned is never a pass; one of more body than there is cannot be."""
    found = check(signed(FIELDS, l=limit))
    assert found[0][0] == verdict
    if verdict == "policy":
        assert "partial body" in found[0][1]


def test_appended_body(check: Check) -> None:
    """ML08: what was appended behind l= makes a pass a policy."""
    message = signed(FIELDS, l="7")
    assert check(message + b"<h1>evil</h1>\r\n") == [("policy", "partial body: 15 bytes are not signed")]


@pytest.mark.parametrize(
    ("fields", "names", "verdict"),
    [
        (b"From: a@x.com\r\n" + FIELDS, "from:subject", "policy"),
        (b"From : a@x.com\r\n" + FIELDS, "from:subject", "policy"),
        (b"From: a@x.com\r\n" + FIELDS, "from:from:subject", "pass"),
        (FIELDS, "from:from:subject", "pass"),
    ],
)
def test_second_from(check: Check, fields: bytes, names: str, verdict: str) -> None:
    """ML09: a From that is not signed may be the one that people see."""
    assert check(signed(fields, h=names))[0][0] == verdict


def test_from_added_later(check: Check) -> None:
    """ML09: oversigning breaks the signature when a From is added, naming it once leaves policy."""
    assert check(b"From: a@x.com\r\n" + signed(FIELDS, h="from:from"))[0][0] == "fail"
    assert check(b"From: a@x.com\r\n" + signed(FIELDS, h="from"))[0][0] == "policy"


@pytest.mark.parametrize(
    ("tags", "now", "verdict"),
    [
        ({"x": str(NOW)}, NOW, "pass"),
        ({"x": str(NOW)}, NOW + 1, "fail"),
        ({"t": str(NOW + 300)}, NOW, "pass"),
        ({"t": str(NOW + 301)}, NOW, "policy"),
        ({"t": "999999999999"}, NOW, "policy"),
        ({"x": "999999999999"}, 253402300799, "pass"),  # the last second of the year 9999
        ({"x": "1"}, NOW, "fail"),
    ],
)
def test_times(check: Check, tags: dict[str, str], now: int, verdict: str) -> None:
    """ML11: expired is fail, a clock that is five minutes ahead is no harm."""
    assert check(signed(FIELDS, KEY, 32, **tags), now=now)[0][0] == verdict


RSA = RsaKey((1 << 1023) + 1, 65537)


def rsa_record(modulus: int) -> str:
    """A key record with an RSAPublicKey."""
    number = modulus.to_bytes(modulus.bit_length() // 8 + 1, "big")
    inner = b"\x02\x82" + len(number).to_bytes(2, "big") + number + b"\x02\x03\x01\x00\x01"
    return "p=" + b64encode(b"\x30\x82" + len(inner).to_bytes(2, "big") + inner).decode()


@pytest.mark.parametrize(
    ("algorithm", "bits", "verdict"),
    [
        ("rsa-sha256", 1024, "pass"),
        ("rsa-sha256", 1023, "policy"),
        ("rsa-sha256", 512, "policy"),
        ("rsa-sha256", 8192, "pass"),
        ("rsa-sha256", 8193, "permerror"),
        ("rsa-sha1", 2048, "policy"),
    ],
)
def test_weak_or_huge_keys(check: Check, algorithm: str, bits: int, verdict: str) -> None:
    """ML07, ML09, RFC 8301: what holds by a weak key or hash does not count; a huge key is not even tried."""
    modulus = (1 << (bits - 1)) + 1
    message = signed(FIELDS, secret=str(modulus).encode(), size=(bits + 7) // 8, a=algorithm)
    assert check(message, rsa_record(modulus))[0][0] == verdict
    if verdict != "permerror":  # broken is broken, whatever the key
        assert check(message.replace(b"hi", b"ho"), rsa_record(modulus))[0][0] == "fail"


@pytest.mark.parametrize("size", [64, 127, 129, 256])
def test_rsa_signature_of_another_length(check: Check, size: int) -> None:
    """RFC 8017 section 8.2.2: a signature is as long as the modulus."""
    message = signed(FIELDS, secret=str(RSA.modulus).encode(), size=size, a="rsa-sha256")
    assert check(message, rsa_record(RSA.modulus))[0][0] == "fail"


def test_many_signatures(dns_of: DnsOf) -> None:
    """ML06: of two hundred signatures ten are looked at, their keys asked for in one batch; the others are one finding."""
    one = signed(FIELDS)
    field, _, rest = one.partition(b"\r\n")
    message = b"".join(field.replace(b"s=sel", b"s=sel%d" % number) + b"\r\n" for number in range(200)) + rest
    signatures = read_signatures(block(message))
    digests = body_digests(message, signatures.header.body, signatures.body_hashes)
    assert len(digests) == 1
    check = evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=holds)
    assert len(next(check)) == MAX_SIGNATURES == 10
    assert check.send((DnsAnswer(DnsStatus.NXDOMAIN),) * 10) == PAUSE
    results = complete(check, lambda _: pytest.fail("asks again"))
    assert [result.verdict for result in results] == ["permerror"] * 10 + ["policy"]
    assert results[-1].reason == "190 more signatures, not verified"


def test_a_pause_between_signatures() -> None:
    """ML06: others may run before the mathematics of each signature but the first."""
    field, _, rest = signed(FIELDS).partition(b"\r\n")
    message = (field + b"\r\n") * 3 + rest
    signatures = read_signatures(block(message))
    digests = body_digests(message, signatures.header.body, signatures.body_hashes)
    verified: list[bytes] = []

    def verify(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes) -> bool:
        verified.append(signed)
        return holds(key, algorithm, signed, signature)

    check = evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=verify)
    assert len(next(check)) == 1
    assert check.send((DnsAnswer(DnsStatus.NOERROR, texts=(KEY_RECORD.encode(),)),)) == PAUSE
    assert len(verified) == 1
    assert check.send(()) == PAUSE
    assert len(verified) == 2
    with pytest.raises(StopIteration) as stop:
        check.send(())
    assert [result.verdict for result in stop.value.value] == ["pass"] * 3


def test_same_key_is_asked_once() -> None:
    """Two signatures by one key are one query."""
    field, _, rest = signed(FIELDS).partition(b"\r\n")
    message = field + b"\r\n" + field + b"\r\n" + rest
    signatures = read_signatures(block(message))
    digests = body_digests(message, signatures.header.body, signatures.body_hashes)
    assert len(next(evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=holds))) == 1


@pytest.mark.parametrize(
    ("field", "domain", "selector"),
    [
        (b"DKIM-Signature: v=1; d=Example.com; s=Sel; a=rsa-sha256\r\n", "example.com", "Sel"),
        (b"DKIM-Signature: d=a'b.com; s=x..y\r\n", "", ""),
        (b"DKIM-Signature: nonsense\r\n", "", ""),
        (b"DKIM-Signature:\r\n", "", ""),
        (b"DKIM-Signature : v=1; d=example.com;" + b" " * 40000 + b"\r\n", "", ""),
    ],
)
def test_unreadable_signature(check: Check, field: bytes, domain: str, selector: str) -> None:
    """ML10: a signature that breaks the rules is permerror, without a query; nothing but host names is shown of it."""
    message = field + FIELDS + b"\r\n" + BODY
    assert check(message)[0][0] == "permerror"
    (read,) = read_signatures(block(message)).fields
    assert (read.shown.domain, read.shown.selector) == (domain, selector)
    assert read.problem


def test_trace(dns_of: DnsOf) -> None:
    """``--explain`` shows keys and reasons."""
    message = signed(FIELDS)
    signatures = read_signatures(block(message))
    trace = Trace()
    digests = body_digests(message, signatures.header.body, signatures.body_hashes)
    complete(evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=holds, trace=trace), dns_of({}))
    assert trace.lines == [
        "  DNS TXT sel._domainkey.example.com: nxdomain",
        "DKIM permerror for example.com (ed25519-sha256): sel._domainkey.example.com: no key record",
    ]


@given(
    st.lists(
        st.sampled_from([b"DKIM-Signature:", b" v=1;", b"a=rsa-sha256;", b"\r\n", b" ", b"b=", b"h=from", b";", b"From: x", b"\x00"]),
        max_size=25,
    )
)
def test_reading_is_total(parts: list[bytes]) -> None:
    """Any header section can be read, and judged without any key."""
    message = b"".join(parts) + b"\r\n\r\n"
    found = inspect(message)
    assert isinstance(found, HeaderBlock)
    signatures = read_signatures(found)
    digests = body_digests(message, found.body, signatures.body_hashes)
    check = evaluate(signatures, digests, now=datetime.fromtimestamp(NOW, UTC), verify=holds)
    results = complete(check, lambda query: DnsAnswer(DnsStatus.NXDOMAIN))
    assert results
    assert all(attrs.asdict(result) for result in results)
