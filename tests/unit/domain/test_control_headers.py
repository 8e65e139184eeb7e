"""``x-mq-*`` fields: what they become, and that nothing else changes."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.control_headers import MAX_FIELDS_TAKEN, MAX_NAME_BYTES, MAX_VALUE_BYTES, RESERVED, Extraction, extract
from tidegate.domain.headers import HeaderBlock, HeaderLimits, inspect
from tidegate.domain.json_value import JsonObject, stdlib_dumps

NO_LIMITS = HeaderLimits(header_bytes=1 << 30, fields=1 << 30)


def extracted(message: bytes) -> Extraction:
    """The extraction from a message of any size."""
    block = inspect(message, NO_LIMITS)
    assert isinstance(block, HeaderBlock)
    return extract(block)


def said(*lines: str) -> Extraction:
    """What these lines say between two ordinary fields; that they are gone and nothing else is."""
    found = extracted(("Subject: a\r\n" + "".join(f"{line}\r\n" for line in lines) + "To: b\r\n\r\nbody").encode())
    assert found.message == b"Subject: a\r\nTo: b\r\n\r\nbody"
    return found


@pytest.mark.parametrize(
    ("lines", "properties"),
    [
        (["x-mq-ip: 10.11.12.13"], {"ips": ["10.11.12.13"]}),
        (["x-mq-ip: 10.11.12.13", "x-mq-ip: 2001:DB8:0::1"], {"ips": ["10.11.12.13", "2001:db8::1"]}),
        (["X-MQ-Tag: Customer Name", "x-mq-tag: Example, Campaign"], {"tags": ["Customer Name", "Example, Campaign"]}),
        (["x-mq-envelope: bounce@example.com"], {"envelope": "bounce@example.com"}),
        (["x-mq-envelope: <bounce@example.com>"], {"envelope": "bounce@example.com"}),
        (["x-mq-envelope: <>"], {"envelope": ""}),
        (["x-mq-envelope:"], {"envelope": ""}),
        (['x-mq-envelope: "a b"@example.com'], {"envelope": '"a b"@example.com'}),
        (["x-mq-pool: my pool"], {"pool": "my pool"}),
        (["x-mq-maxdelivertime: 2026-10-23 23:00:00"], {"maxdelivertime": "2026-10-23 23:00:00"}),
        (["x-mq-maxattempts: 3"], {"maxattempts": 3}),
        (["x-mq-retries: 300,600"], {"retries": [300, 600]}),
        (["x-mq-retries: 300 , 600, 3600"], {"retries": [300, 600, 3600]}),
        (["x-mq-retries: 300"], {"retries": [300]}),
        (["x-mq-smarthost-port: 1", "x-mq-maxattempts: 0"], {"smarthost": {"port": 1}, "maxattempts": 0}),
        (["x-mq-smarthost-port: 65535"], {"smarthost": {"port": 65535}}),
        (["x-mq-inlinecss: 1"], {"inlinecss": True}),
        (["x-mq-keepmime: true"], {"keepmime": True}),
        (["x-mq-force: TRUE"], {"force": True}),
        (["x-mq-inlinecss: 0", "x-mq-force: false"], {"inlinecss": False, "force": False}),
        (["x-mq-delayed: 2026-02-10 12:00:00"], {"delayed": "2026-02-10 12:00:00", "nextattempt": {"time": "2026-02-10 12:00:00"}}),
        (
            ["x-mq-results-queue: a", "x-mq-failure-queue: b", "x-mq-success-queue: c", "x-mq-retry-queue: d"],
            {"queues": {"results": "a", "failure": "b", "success": "c", "retry": "d"}},
        ),
        (
            ["x-mq-smarthost-hostname: h", "x-mq-smarthost-port: 587", "x-mq-smarthost-username: u", "x-mq-smarthost-password: p"],
            {"smarthost": {"hostname": "h", "port": 587, "username": "u", "password": "p"}},
        ),
        (
            ["x-mq-dsn-notify: SUCCESS,Failure", "x-mq-dsn-ret: HDRS", "x-mq-dsn-orcpt: rfc822;a@b", "x-mq-dsn-envid: 7"],
            {"dsn": {"notify": "SUCCESS,Failure", "ret": "HDRS", "orcpt": "rfc822;a@b", "envid": "7"}},
        ),
        (["x-mq-custom-identifier: my-id"], {"custom-identifier": "my-id"}),
        (["X-Mq-Custom-Identifier:my-id"], {"custom-identifier": "my-id"}),
        (["x-mq-other: a", "X-MQ-OTHER: b", "x-mq-other: c"], {"other": ["a", "b", "c"]}),
        (["x-mq-other:"], {"other": ""}),
        (["x-mq-other:   a  b \t "], {"other": "a  b"}),
        (["x-mq-other: a", "\tb", " c"], {"other": "a b c"}),
        (["x-mq-other:", " a"], {"other": "a"}),
        (["x-mq-other: grüße €"], {"other": "grüße €"}),
        (["x-mq-other: =?utf-8?q?=0d=0aX?="], {"other": "=?utf-8?q?=0d=0aX?="}),  # HD04: encoded words are text
        (['x-mq-other: {"a": [[[1e999, NaN]]]}'], {"other": '{"a": [[[1e999, NaN]]]}'}),  # HD04: JSON is text
        (['x-mq-a"b\\c: d'], {'a"b\\c': "d"}),
        (["x-mq-a: b:c"], {"a": "b:c"}),
    ],
)
def test_conversion(lines: list[str], properties: JsonObject) -> None:
    """Each field becomes the property that users of the format know."""
    found = said(*lines)
    assert found.properties == properties
    assert found.skipped == ()
    assert json.loads(stdlib_dumps(found.properties)) == properties


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        ("x-mq-ip: example.com", "x-mq-ip", "not an IP address"),
        ("x-mq-ip:", "x-mq-ip", "not an IP address"),
        ("x-mq-ip: fe80::1%<b>", "x-mq-ip", "not an IP address"),
        ("x-mq-envelope: nobody", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: a@b c", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: @b", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: a@", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: a@b@c", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: =?utf-8?q?a?=@b", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: a\u202e@b", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: A <a@b>", "x-mq-envelope", "not an address"),
        ("x-mq-envelope: " + "a" * 1100 + "@b", "x-mq-envelope", "not an address"),
        ("x-mq-maxattempts: many", "x-mq-maxattempts", "not a number"),
        ("x-mq-maxattempts: ²", "x-mq-maxattempts", "not a number"),
        ("x-mq-maxattempts: ١", "x-mq-maxattempts", "not a number"),
        ("x-mq-maxattempts: -1", "x-mq-maxattempts", "not a number"),
        ("x-mq-maxattempts: 1e999", "x-mq-maxattempts", "not a number"),
        ("x-mq-maxattempts: " + "9" * 16, "x-mq-maxattempts", "not a number"),  # beyond what every JSON reader holds exactly
        ("x-mq-maxattempts:", "x-mq-maxattempts", "not a number"),
        ("x-mq-retries: 300,,600", "x-mq-retries", "not a list of numbers"),
        ("x-mq-retries: 300 600", "x-mq-retries", "not a list of numbers"),
        ("x-mq-smarthost-port: 0", "x-mq-smarthost-port", "not a port number"),
        ("x-mq-smarthost-port: 65536", "x-mq-smarthost-port", "not a port number"),
        ("x-mq-inlinecss: yes", "x-mq-inlinecss", "not 1, true, 0 or false"),
        ("x-mq-a: \x00", "x-mq-a", "control character"),
        ("x-mq-a: b\x1b[31m", "x-mq-a", "control character"),
        ("x-mq-a: b\rc", "x-mq-a", "control character"),
        ("x-mq-a: b\nc", "x-mq-a", "control character"),
        ("x-mq-a: \x7f", "x-mq-a", "control character"),
        ("x-mq-a: \x85", "x-mq-a", "control character"),
        ("x-mq-a : b", "x-mq-a?", "not a field name"),  # HD02: white space before the colon
        ("x-mq-a\t: b", "x-mq-a?", "not a field name"),
        ("x-mq-: b", "x-mq-", "not a field name"),
        ("x-mq-a b: c", "x-mq-a?b", "not a field name"),
        ("x-mq-a\x00: b", "x-mq-a?", "not a field name"),
        ("x-mq-ä: b", "x-mq-??", "not a field name"),
        ("x-mq-\r\n ip: 10.0.0.1", "x-mq-???ip", "not a field name"),
        ("x-mq-a", "x-mq-a??", "no colon"),
        ("x-mq-a\r\n b", "x-mq-a???b??", "no colon"),
        ("X-MQ-" + "a" * 10_000 + ": b", "X-MQ-" + "a" * 59, "name longer than 128 bytes"),
        ("x-mq-a: " + "b" * (MAX_VALUE_BYTES + 1), "x-mq-a", "value longer than 8192 bytes"),
        *[(f"X-MQ-{name.upper()}: b", f"X-MQ-{name.upper()}", "reserved") for name in sorted(RESERVED)],
    ],
)
def test_skipped(line: str, name: str, reason: str) -> None:
    """HD02, HD03, HD04: what makes no property is stripped all the same, and named."""
    found = said(line)
    assert found.properties == {}
    assert found.skipped == ((name, reason),)


def test_reserved_names() -> None:
    """HD03: nothing that the gateway itself says can be said by a field."""
    document_properties = {"recipient", "mime", "mime-encoding", "key", "message-id", "connection", "checks", "received", "hostname", "report"}
    assert document_properties | {"__proto__", "constructor"} < RESERVED


def test_not_utf8() -> None:
    """A value of other bytes has no spelling in JSON; it is not guessed."""
    found = extracted(b"x-mq-a: caf\xe9\r\n\r\n")
    assert (found.message, found.properties, found.skipped) == (b"\r\n", {}, (("x-mq-a", "not UTF-8"),))


def test_first_of_a_single_value_wins() -> None:
    """HD02: a known field of one value counts once; a value that does not convert is as if it were not there."""
    found = said("x-mq-maxattempts: x", "x-mq-maxattempts: 1", "x-mq-maxattempts: 2", "x-mq-delayed: a", "x-mq-delayed: b")
    assert found.properties == {"maxattempts": 1, "delayed": "a", "nextattempt": {"time": "a"}}
    assert [reason for _, reason in found.skipped] == ["not a number", "given before", "given before"]


@pytest.mark.parametrize("name", ["pool", "maxdelivertime", "results-queue", "smarthost-username", "dsn-ret", "delayed"])
def test_known_text_is_no_array(name: str) -> None:
    """Only fields without a meaning of their own, addresses and tags make arrays."""
    found = said(f"x-mq-{name}: a", f"x-mq-{name}: b")
    assert found.skipped == ((f"x-mq-{name}", "given before"),)
    assert b'"b"' not in stdlib_dumps(found.properties)


def test_bounds() -> None:
    """RS18: 64 fields are taken, the longest name and the longest value too; the rest is stripped and named."""
    longest = "n" * MAX_NAME_BYTES
    lines = [f"x-mq-{longest}: {'v' * MAX_VALUE_BYTES}", *[f"x-mq-{number}: a" for number in range(200)]]
    found = said(*lines)
    assert len(found.properties) == MAX_FIELDS_TAKEN
    assert found.properties[longest] == "v" * MAX_VALUE_BYTES
    assert found.skipped == tuple((f"x-mq-{number}", "more than 64 fields") for number in range(63, 200))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\nx-mq-ip: 10.0.0.1\r\n",
        b"Subject: a\r\n\r\nx-mq-ip: 10.0.0.1\r\n\r\nx-mq-ip: 10.0.0.1\r\n",  # HD05: the body
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nx-mq-ip: 10.0.0.1\r\n\r\n--b--\r\n",  # HD05: a part
        b"Subject: a\r\n x-mq-ip: 10.0.0.1\r\n\r\n",  # a continuation line
        b" x-mq-ip: 10.0.0.1\r\nSubject: a\r\n\r\n",  # starts with white space: no field at all
        b"Subject: a\nx-mq-ip: 10.0.0.1\r\n\r\n",  # bare LF and CR end no line
        b"Subject: a\rx-mq-ip: 10.0.0.1\r\n\r\n",
        b"X-MQ\r\n -ip: 10.0.0.1\r\n\r\n",
        b"X-MQ: a\r\nXX-MQ-a: b\r\nmq-ip: 1\r\n\r\n",
    ],
)
def test_not_a_control_header(message: bytes) -> None:
    """SM23, HD02, HD05: what only looks like one is ordinary text, kept as it is."""
    found = extracted(message)
    assert found == Extraction(message)
    assert found.message is message


@pytest.mark.parametrize(
    ("message", "rest"),
    [
        (b"x-mq-a: 1\r\n\r\nbody", b"\r\nbody"),
        (b"x-mq-a: 1\r\nx-mq-b: 2\r\nTo: c\r\n\r\nx-mq-d: 3", b"To: c\r\n\r\nx-mq-d: 3"),
        (b"To: c\r\nx-mq-a: 1\r\n 2\r\n\t3\r\nx-mq-b: 2", b"To: c\r\n"),
        (b"x-mq-a: 1", b""),
        (b"x-mq-a: 1\r\n", b""),
        (b"x-mq-a: 1\r\n 2\r\nFrom: x\r\n\r\n", b"From: x\r\n\r\n"),
    ],
)
def test_places(message: bytes, rest: bytes) -> None:
    """Fields go wherever they stand in the header section, with their continuation lines."""
    found = extracted(message)
    assert found.message == rest
    assert found.skipped == ()


LINES = st.lists(
    st.sampled_from(
        [
            b"x-mq-a: b",
            b"X-Mq-Ip: 1.2.3.4",
            b"x-mq-",
            b"x-mq-tag",
            b" x-mq-a: b",
            b"\tc",
            b"A: b",
            b"",
            b"x-mq-a: \xff",
            b"x-mq-b: \n",
            b"\nx-mq-a: b",
        ]
    ),
    max_size=12,
)


@given(LINES | st.lists(st.binary(max_size=20), max_size=6), st.booleans())
def test_only_control_headers_go(lines: list[bytes], ended: bool) -> None:
    """Whatever the bytes: no field of the rest starts with x-mq-, every other field and the body are untouched."""
    message = b"\r\n".join(lines) + (b"\r\n" if ended else b"")
    before = inspect(message, NO_LIMITS)
    assert isinstance(before, HeaderBlock)
    found = extract(before)
    kept = [field.raw for field in before.fields() if not re.match(rb"x-mq-", field.raw, re.I)]
    assert found.message == b"".join(kept) + message[before.end :]
    after = inspect(found.message, NO_LIMITS)
    assert isinstance(after, HeaderBlock)
    assert found.message[after.body :] == message[before.body :]
    assert [field.raw for field in after.fields()] == kept


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(max_size=30)), max_size=8))
def test_properties_are_clean(pairs: list[tuple[str, str]]) -> None:
    """Never a control character in a property, never a name outside printable ASCII, always JSON."""
    found = extracted("".join(f"x-mq-{name}: {value}\r\n" for name, value in pairs).encode("utf-8", "surrogatepass") + b"\r\n")
    assert not re.search(r"\\u00|[\x00-\x1f\x7f-\x9f]", stdlib_dumps(found.properties).decode())
    assert all(re.fullmatch(r"[!-9;-~]+", name) for name in found.properties)
    assert all(re.fullmatch(r"[!-~]+", name) for name, _ in found.skipped)
