"""The field we write, read back by authres."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.authentication_results import authentication_results
from tidegate.domain.checks.verdict import (
    ArcResult,
    CheckResult,
    DkimResult,
    DmarcResult,
    IprevResult,
    Policy,
    SpamClass,
    SpamResult,
    SpfIdentity,
    SpfResult,
    Verdict,
)

authres = pytest.importorskip("authres", reason="authres is not installed")

HOST = "mx.example.net"


def test_whole_field() -> None:
    """Every method, folded, in the given order."""
    results: list[CheckResult] = [
        SpfResult(Verdict.PASS, SpfIdentity.MAIL_FROM, "joe@example.com", "example.com"),
        DkimResult(Verdict.PASS, "example.com", "s1", "@example.com", "dzdVyOfA", algorithm="rsa-sha256"),
        DkimResult(Verdict.FAIL, "example.org", "s2", "@example.org", "AAAA/BBB", "the body was changed", "rsa-sha256"),
        DmarcResult(Verdict.PASS, "example.com", Policy.REJECT, "example.com"),
        ArcResult(Verdict.NONE),
        IprevResult(Verdict.PASS, "2001:db8::1", "mail.example.com"),
        SpamResult(SpamClass.HAM, 0.1, 5.0),
    ]
    assert authentication_results(HOST, results).decode() == (
        "Authentication-Results: mx.example.net;\r\n"
        "\tspf=pass smtp.mailfrom=joe@example.com;\r\n"
        "\tdkim=pass header.d=example.com header.i=@example.com header.s=s1\r\n"
        "\t  header.b=dzdVyOfA header.a=rsa-sha256;\r\n"
        '\tdkim=fail reason="the body was changed" header.d=example.org\r\n'
        '\t  header.i=@example.org header.s=s2 header.b="AAAA/BBB" header.a=rsa-sha256;\r\n'
        "\tdmarc=pass header.from=example.com policy.dmarc=reject;\r\n"
        "\tarc=none;\r\n"
        '\tiprev=pass policy.iprev="2001:db8::1"\r\n'
    )


def test_nothing_found() -> None:
    """Without results the word is none (RFC 8601 section 2.2)."""
    assert authentication_results(HOST, []) == b"Authentication-Results: mx.example.net;\r\n\tnone\r\n"


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nb", 'a"b', "é", "a(b"])
def test_bad_name(name: str) -> None:
    """Our own name comes from the configuration and must be a token."""
    with pytest.raises(ValueError):
        authentication_results(name, [])


@pytest.mark.parametrize(
    ("sender", "written"),
    [
        ("joe@example.com", b"smtp.mailfrom=joe@example.com"),
        ('"joe x"@example.com', b'smtp.mailfrom="\\"joe x\\"@example.com"'),
        ("a\\b@example.com", b'smtp.mailfrom="a\\\\b@example.com"'),
        ("joe;dkim=pass@example.com", b'smtp.mailfrom="joe;dkim=pass@example.com"'),
        ("joe..x@example.com", b'smtp.mailfrom="joe..x@example.com"'),
        ("@.", b'smtp.mailfrom="@."'),
        ("jöe@example.com", b"smtp.mailfrom=example.com"),
        ("a\r\nInj: x@example.com", b"smtp.mailfrom=example.com"),
        ("x" * 400 + "@example.com", b"smtp.mailfrom=example.com"),
    ],
)
def test_values(sender: str, written: bytes) -> None:
    """ML22: quoted where needed; an address that cannot be written is replaced by its domain."""
    field = authentication_results(HOST, [SpfResult(Verdict.PASS, SpfIdentity.MAIL_FROM, sender, "example.com")])
    assert field == b"Authentication-Results: mx.example.net;\r\n\tspf=pass " + written + b"\r\n"


anything = st.text(max_size=40) | st.text(st.sampled_from(';"\\()=\r\n\t @.a,é\x00<>'), max_size=30) | st.just("x" * 400)
results = st.lists(
    st.one_of(
        st.builds(SpfResult, st.sampled_from(Verdict), st.sampled_from(SpfIdentity), anything, anything, anything),
        st.builds(DkimResult, st.sampled_from(Verdict), anything, anything, anything, anything, anything, anything),
        st.builds(DmarcResult, st.sampled_from(Verdict), anything, st.none() | st.sampled_from(Policy), reason=anything),
        st.builds(ArcResult, st.sampled_from(Verdict), st.integers(0, 50), st.none() | st.integers(0, 50), anything, anything),
        st.builds(IprevResult, st.sampled_from(Verdict), anything, anything, anything),
    ),
    max_size=6,
)


@given(results)
def test_nothing_breaks_out(found: list[CheckResult]) -> None:
    """ML22: whatever a sender chose, authres reads back the same methods and verdicts, and no line is a field of its own or too long."""
    field = authentication_results(HOST, found)
    assert field.isascii()
    lines = field.decode().split("\r\n")
    assert lines.pop() == ""
    assert lines[0] == f"Authentication-Results: {HOST};"
    assert all(line[0] == "\t" and line[1:].isprintable() and len(line) <= 998 for line in lines[1:])
    parsed = authres.AuthenticationResultsHeader.parse(field.decode().replace("\r\n", " ").strip())
    assert parsed.authserv_id == HOST
    expected = [next(iter(result.entry().items())) for result in found]
    assert [(item.method, item.result) for item in parsed.results] == expected


@given(anything, anything)
def test_values_read_back(value: str, reason: str) -> None:
    """What is written reads back as it was; authres leaves backslashes in."""
    field = authentication_results(HOST, [SpfResult(Verdict.FAIL, SpfIdentity.HELO, value, reason=reason)])
    (result,) = authres.AuthenticationResultsHeader.parse(field.decode().replace("\r\n", " ").strip()).results
    found, why = (None if text is None else re.sub(r"\\(.)", r"\1", text) for text in (result.smtp_helo, result.reason))
    assert found in (None, value)
    assert why in (None, reason[:200])
