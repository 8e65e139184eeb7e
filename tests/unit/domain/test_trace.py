"""The Received field."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock, inspect
from tidegate.domain.timestamps import document_time, rfc5322_date
from tidegate.domain.trace import LEADING_LINE, address_literal, protocol, received_field, trace_fields

CLIENT = Client(Endpoints("192.0.2.1", 4321, "198.51.100.1", 25), "mail.example.com")
TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
ENVELOPE = Envelope("sender@example.com", (Recipient("user@example.net"),))
MOMENT = datetime(2026, 11, 6, 9, 5, 3, 999999, tzinfo=UTC)


def field(client: Client = CLIENT, envelope: Envelope = ENVELOPE, hostname: str = "mx.example.net") -> str:
    """The field for values that stand for most of the cases."""
    return received_field(client, envelope, hostname, "01kb", MOMENT).decode()


def to(*addresses: str, smtputf8: bool = False) -> Envelope:
    """An envelope with these recipients."""
    return Envelope("sender@example.com", tuple(Recipient(address) for address in addresses), smtputf8=smtputf8)


def test_whole_field() -> None:
    """The clauses of RFC 5321 section 4.4, in their order."""
    assert field(attrs.evolve(CLIENT, tls=TLS)) == (
        "Received: from mail.example.com ([192.0.2.1])\r\n"
        "\tby mx.example.net with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
        "\tid 01kb for <user@example.net>;\r\n"
        "\tFri, 06 Nov 2026 09:05:03 +0000\r\n"
    )


@pytest.mark.parametrize(
    ("esmtp", "tls", "user", "smtputf8", "word"),
    [
        (False, None, None, False, "SMTP"),
        (False, TLS, None, False, "SMTP"),
        (True, None, None, False, "ESMTP"),
        (True, TLS, None, False, "ESMTPS"),
        (True, None, "me", False, "ESMTPA"),
        (True, TLS, "me", False, "ESMTPSA"),
        (True, None, None, True, "UTF8SMTP"),
        (True, TLS, None, True, "UTF8SMTPS"),
        (True, None, "me", True, "UTF8SMTPA"),
        (True, TLS, "me", True, "UTF8SMTPSA"),
    ],
)
def test_protocol(esmtp: bool, tls: Tls | None, user: str | None, smtputf8: bool, word: str) -> None:
    """The registered words of RFC 3848 and RFC 6531 section 4.3."""
    client = attrs.evolve(CLIENT, esmtp=esmtp, tls=tls, user=user)
    assert protocol(client, smtputf8=smtputf8) == word
    assert f" with {word}" in field(client, attrs.evolve(ENVELOPE, smtputf8=smtputf8))


@pytest.mark.parametrize(
    ("ip", "literal"),
    [("192.0.2.1", "[192.0.2.1]"), ("2001:db8::1", "[IPv6:2001:db8::1]"), ("fe80::1%eth0", "[IPv6:fe80::1]"), ("::", "[IPv6:::]")],
)
def test_address_literal(ip: str, literal: str) -> None:
    """IPv6 has its prefix (RFC 5321 section 4.1.3)."""
    assert address_literal(ip) == literal


@pytest.mark.parametrize(
    ("helo", "shown"),
    [
        ("[192.0.2.9]", "[192.0.2.9]"),
        ("[IPv6:2001:db8::9]", "[IPv6:2001:db8::9]"),
        ("my_host", "my_host"),
        ("x) by evil (", "[unsafe]"),
        ("x;", "[unsafe]"),
        ("x\r\nEvil: y", "[unsafe]"),
        ("x\r\n", "[unsafe]"),
        ("x\n", "[unsafe]"),
        ("x\x1b[31m", "[unsafe]"),
        ("bücher.example", "[unsafe]"),
        ("a" * 255, "a" * 255),
        ("a" * 256, "[unsafe]"),
        ("", "[unsafe]"),
    ],
)
def test_names_are_harmless(helo: str, shown: str) -> None:
    """HD15: a HELO argument or a host name out of the reverse DNS breaks out of nothing."""
    assert field(attrs.evolve(CLIENT, helo=helo)).replace("\r\n\t", " ").startswith(f"Received: from {shown} ([192.0.2.1]) by ")
    assert f" by {shown} with ESMTP " in field(hostname=helo).replace("\r\n\t", " ")


@pytest.mark.parametrize(
    ("envelope", "clause"),
    [
        (to("user@example.net"), "id 01kb for <user@example.net>;"),
        (attrs.evolve(to("user@example.net"), refused=(Recipient("other@example.net"),)), "id 01kb;"),
        (to("o'neil+tag=1@[IPv6:2001:db8::1]"), "id 01kb for <o'neil+tag=1@[IPv6:2001:db8::1]>;"),
        (to("a@example.net", "b@example.net"), "id 01kb;"),  # nobody learns of the others
        (to('"a;b"@example.net'), "id 01kb;"),
        (to("a>;b@example.net"), "id 01kb;"),
        (to("a (b@example.net"), "id 01kb;"),
        (to("müller@example.net"), "id 01kb;"),
        (to("müller@bücher.example", smtputf8=True), "id 01kb for <müller@bücher.example>;"),
        (to("a\u2028b@example.net", smtputf8=True), "id 01kb;"),
        (to("a\u202eb@example.net", smtputf8=True), "id 01kb;"),
        (to("a\x85b@example.net", smtputf8=True), "id 01kb;"),
        (to("a\nb@example.net", smtputf8=True), "id 01kb;"),
    ],
)
def test_for(envelope: Envelope, clause: str) -> None:
    """``for`` names a single recipient whose address needs no quoting; outside ASCII only with SMTPUTF8."""
    assert clause in field(envelope=envelope).replace("\r\n\t", " ")


@pytest.mark.parametrize(("length", "lines"), [(62, ["\tid 01kb for <{}>;"]), (63, ["\tid 01kb", "\tfor <{}>;"])])
def test_folding(length: int, lines: list[str]) -> None:
    """A line takes 78 characters, and not one more (RFC 5322 section 2.1.1)."""
    address = "a@" + "b" * (length - 2)
    assert field(envelope=to(address)).split("\r\n")[2:-2] == [line.format(address) for line in lines]


TEXTS = st.text(max_size=260)


@given(
    TEXTS | st.from_regex(r"[a-z.]{200,255}", fullmatch=True),
    TEXTS | st.from_regex(r"[a-z.]{200,255}", fullmatch=True),
    TEXTS | st.from_regex(r"[aé€😀]{1,220}@[a-z]{1,100}", fullmatch=True),
    st.booleans(),
    st.none() | st.just(TLS),
)
def test_one_field_whatever_is_said(helo: str, hostname: str, address: str, smtputf8: bool, tls: Tls | None) -> None:
    """HD15: always one field of printable characters, never a line over 998 bytes, mostly below 78, with the date at its end."""
    raw = received_field(attrs.evolve(CLIENT, helo=helo, tls=tls), to(address, smtputf8=smtputf8), hostname, "0" * 26, MOMENT)
    block = inspect(raw)
    assert isinstance(block, HeaderBlock)
    assert [found.name for found in block.fields()] == [b"Received"]
    lines = raw.decode().split("\r\n")
    assert lines.pop() == ""
    assert all(re.fullmatch(r"\t?[^\x00-\x1f\x7f-\x9f]+", line) for line in lines)
    assert max(len(line.encode()) for line in lines) < 998
    assert raw.decode().count(";") == 1
    assert raw.endswith(b";\r\n\tFri, 06 Nov 2026 09:05:03 +0000\r\n")
    if max(len(helo), len(hostname), len(address)) < 40:
        assert max(map(len, lines)) <= 78


@pytest.mark.parametrize("message", [b"", b"\r\nbody", b"Subject: a\r\n\r\n", b"\n; x"])
def test_trace_is_the_received_field(message: bytes) -> None:
    """Nothing else goes in front of a message."""
    arguments = (CLIENT, ENVELOPE, "mx.example.net", "01kb", MOMENT)
    assert trace_fields(*arguments, message) == received_field(*arguments)


@pytest.mark.parametrize("start", [b" ", b"\t"])
def test_no_line_of_the_message_continues_our_field(start: bytes) -> None:
    """HD15: a message that starts with white space does not write into the field in front of it."""
    message = start + b"; Thu, 1 Jan 1970 00:00:00 +0000\r\nSubject: a\r\n\r\n"
    arguments = (CLIENT, ENVELOPE, "mx.example.net", "01kb", MOMENT)
    trace = trace_fields(*arguments, message)
    assert trace == received_field(*arguments) + LEADING_LINE
    block = inspect(trace + message)
    assert isinstance(block, HeaderBlock)
    received, leading, subject = block.fields()
    assert received.raw == received_field(*arguments)
    assert (leading.value, subject.name) == (b"; Thu, 1 Jan 1970 00:00:00 +0000", b"Subject")


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC)))
def test_dates(moment: datetime) -> None:
    """Both spellings are read back by the standard library as the same second."""
    parsed = email.message_from_string(f"Date: {rfc5322_date(moment)}\r\n\r\n", policy=email.policy.default)["date"].datetime
    assert parsed == moment.replace(microsecond=0)
    assert document_time(moment) == moment.strftime("%Y-%m-%d %H:%M:%S")


def test_dates_are_in_utc() -> None:
    """Another zone is converted; a naive moment would be the machine's zone and is refused."""
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert rfc5322_date(moment) == "Wed, 31 Dec 2025 22:30:00 +0000"
    assert document_time(moment) == "2025-12-31 22:30:00"
    with pytest.raises(ValueError, match="naive"):
        rfc5322_date(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="naive"):
        document_time(datetime(2026, 1, 1))
