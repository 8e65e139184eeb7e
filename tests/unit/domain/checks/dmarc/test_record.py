"""Reading policy records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.dmarc.record import AlignmentMode, PolicyRecord, PublicSuffix, parse, parse_rfc7489
from tidegate.domain.checks.verdict import Policy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DMARC1", PolicyRecord()),
        ("v=DMARC1; p=reject", PolicyRecord(Policy.REJECT)),
        (" V\t= DMARC1 ; P = Quarantine ;".strip(), PolicyRecord(Policy.QUARANTINE)),
        ("v=DMARC1;p=none;sp=reject;np=quarantine", PolicyRecord(Policy.NONE, Policy.REJECT, Policy.QUARANTINE)),
        ("v=DMARC1; adkim=S; p=none; aspf=s", PolicyRecord(Policy.NONE, adkim=AlignmentMode.STRICT, aspf=AlignmentMode.STRICT)),
        ("v=DMARC1; p=none; adkim=x; psd=maybe; t=perhaps", PolicyRecord(Policy.NONE)),
        ("v=DMARC1; p=none; psd=Y", PolicyRecord(Policy.NONE, psd=PublicSuffix.YES)),
        ("v=DMARC1; p=none; t=y", PolicyRecord(Policy.NONE, testing=True)),
        ("v=DMARC1; p=none; t=Y", PolicyRecord(Policy.NONE, testing=True)),
        ("v=DMARC1; p=none; pct=0; rf=x; ri=x", PolicyRecord(Policy.NONE, testing=True)),
        ("v=DMARC1; p=none; pct=0; t=n", PolicyRecord(Policy.NONE)),
        ("v=DMARC1; p=none; pct=50", PolicyRecord(Policy.NONE)),
        ("v=DMARC1; p=none; p=reject", PolicyRecord()),
        ("v=DMARC1; p=none; sp=nonsense", PolicyRecord(Policy.NONE, wrong_policy=True)),
        ("v=DMARC1; p=none; np=", PolicyRecord(Policy.NONE, wrong_policy=True)),
        ("v=DMARC1; p=none; bogus; x=1;;; =y; p2=reject", PolicyRecord(Policy.NONE)),
        ("v=DMARC1; p=none\x00; \x1b", PolicyRecord()),
    ],
)
def test_parse(text: str, expected: PolicyRecord) -> None:
    """ML14: unknown and wrong tags are left out, defaults stand in; a tag that stands twice has no value."""
    assert expected == parse(text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DMARC1; p=reject; np=nonsense; psd=y; t=y", PolicyRecord(Policy.REJECT)),
        ("v=DMARC1; p=reject; np=none; np=none", PolicyRecord(Policy.REJECT)),
        ("v=DMARC1; p=reject; sp=nonsense", PolicyRecord(Policy.REJECT, wrong_policy=True)),
        ("v=DMARC1; p=reject; pct=0; t=n", PolicyRecord(Policy.REJECT, testing=True)),
        ("v=DMARC1; p=reject; pct=50", PolicyRecord(Policy.REJECT)),
        ("v=DMARC2; p=reject", None),
    ],
)
def test_older_standard(text: str, expected: PolicyRecord | None) -> None:
    """RFC 7489 knows ``pct``; what it does not know, it does not read, so that nothing can be wrong with it either."""
    assert expected == parse_rfc7489(text.encode())


@pytest.mark.parametrize(
    "text", ["", "v=DMARC", "v=DMARC12; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", " v=DMARC1; p=none", "v=spf1 -all", "v;=DMARC1"]
)
def test_other_texts(text: str) -> None:
    """The version comes first, exactly."""
    assert parse(text.encode()) is None


def test_length_limit() -> None:
    """ML14: a record of 64 kB is none."""
    assert parse(b"v=DMARC1; p=reject;" + b" " * 65000) is None


def test_report_uris() -> None:
    """Sizes are dropped, what is no URI is left out."""
    record = parse(b"v=DMARC1; rua= mailto:a@x.com!10m ,mailto:b@x.com, nonsense,, https://x.com/r?a=b , mailto:c@x.com!10x,mailto:\x7f")
    assert record is not None
    assert record.report_uris == ("mailto:a@x.com", "mailto:b@x.com", "https://x.com/r?a=b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=DMARC1; p=reject; sp=none", Policy.REJECT),
        ("v=DMARC1; rua=mailto:a@x.com", Policy.NONE),
        ("v=DMARC1; p=bogus; rua=mailto:a@x.com", Policy.NONE),
        ("v=DMARC1; p=reject; sp=bogus; rua=mailto:a@x.com", Policy.NONE),
        ("v=DMARC1; p=reject; sp=bogus", None),
        ("v=DMARC1", None),
        ("v=DMARC1; rua=nonsense", None),
    ],
)
def test_usable(text: str, expected: Policy | None) -> None:
    """RFC 9989 section 4.10.1: a broken policy is none for those who asked for reports, and no record for others."""
    record = parse(text.encode())
    assert record is not None
    usable = record.usable()
    assert expected == (None if usable is None else usable.policy)
    if usable is not None and usable is not record:
        assert (usable.subdomain_policy, usable.nonexistent_policy) == (None, None)


@given(st.text(st.sampled_from("v=DMARC1; psnt\x00équarejct:,!10m\t"), max_size=80))
def test_parse_is_total(text: str) -> None:
    """Any text is a record or none."""
    record = parse(b"v=DMARC1;" + text.encode())
    assert record is not None
    record.usable()
