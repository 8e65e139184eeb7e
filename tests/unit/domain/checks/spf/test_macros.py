"""Macros, with the examples of RFC 7208 section 7.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.checks.spf.macros import parse_domain_spec, parse_explanation, parse_macro_string, truncated

VALUES = {
    "s": "strong-bad@email.example.com",
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "v": "in-addr",
    "h": "mx.example.org",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{d999999999999999999999}", "email.example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{DR2}".replace("R2", "2R"), "example.email"),
        ("a%%b%_c%-d.e.com", "a%b c%20d.e.com"),
        ("%{s.@}", "strong-bad.email.example.com"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    """The table of the standard, and its special cases."""
    parsed = parse_macro_string(text)
    if "@" in text:  # not a delimiter
        assert parsed is None
        return
    assert parsed is not None
    assert parsed.expand(VALUES.__getitem__) == expected


@pytest.mark.parametrize(
    "text", ["%", "%%%", "%{", "%{}", "%{d", "%{dd}", "%{d0}", "%{d00}", "%{dr2}", "%{d!}", "%{a}", "%d", "%(d)", "x y", "é", "\x7f"]
)
def test_syntax_errors(text: str) -> None:
    """ML03: a percent sign is followed by a macro, ``%``, ``_`` or ``-``, or it is an error."""
    assert parse_macro_string(text) is None


def test_explanation_letters() -> None:
    """``c``, ``r`` and ``t`` stand in explanations only; so do spaces."""
    assert parse_explanation("%{c} at %{t} by %{r}") is not None
    assert parse_explanation("two\nlines") is None
    assert parse_explanation("é") is None
    assert parse_domain_spec("%{c}.example.com") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.example.com.", "a.example.com"),
        ("x." * 200 + "example.com", "x." * 121 + "example.com"),
        ("x" * 300, "x" * 300),
        ("x" * 300 + "." + "y" * 253, "y" * 253),
        ("x" * 300 + "." + "y" * 254, "x" * 300 + "." + "y" * 254),
    ],
)
def test_truncated(name: str, expected: str) -> None:
    """Labels on the left go until 253 characters are left (RFC 7208 section 7.3)."""
    assert expected == truncated(name)


@given(st.text(st.sampled_from("%{}dlsoivh0123456789rR.-+,/_= aZ"), max_size=60))
def test_parsers_are_total(text: str) -> None:
    """Any text parses or does not; what parses expands."""
    for parse in (parse_macro_string, parse_explanation, parse_domain_spec):
        parsed = parse(text)
        if parsed is not None:
            parsed.expand(lambda letter: f"<{letter}>")
