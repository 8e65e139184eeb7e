"""Selecting and reading records."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.domain.checks.spf.record import MAX_RECORD_BYTES, Mechanism, MechanismName, RecordError, parse, select
from tidegate.domain.checks.verdict import Verdict


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], None),
        ([b"other", b"v=spf10 -all", b"v=spf", b"v=spf1\t-all"], None),
        ([b"other", b"v=spf1"], b"v=spf1"),
        ([b"V=SPF1 -all"], b"V=SPF1 -all"),
        ([b"\xff", b"v=spf1 -all"], b"v=spf1 -all"),
        ([b" v=spf1 -all"], None),
    ],
)
def test_select(texts: list[bytes], expected: bytes | None) -> None:
    """ML03: the version section decides, in any case of letters."""
    assert expected == select(texts)


def test_select_two_records() -> None:
    """Two records at one name are an error (RFC 7208 section 4.5)."""
    with pytest.raises(RecordError, match="2 SPF records"):
        select([b"v=spf1 -all", b"v=spf1 -all"])


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("all", Mechanism(MechanismName.ALL, Verdict.PASS, "all")),
        ("-ALL", Mechanism(MechanismName.ALL, Verdict.FAIL, "-ALL")),
        ("?a", Mechanism(MechanismName.A, Verdict.NEUTRAL, "?a")),
        ("a/24", Mechanism(MechanismName.A, Verdict.PASS, "a/24", prefix4=24)),
        ("a//64", Mechanism(MechanismName.A, Verdict.PASS, "a//64", prefix6=64)),
        ("~mx/0//0", Mechanism(MechanismName.MX, Verdict.SOFTFAIL, "~mx/0//0", prefix4=0, prefix6=0)),
        ("ptr", Mechanism(MechanismName.PTR, Verdict.PASS, "ptr")),
        ("ip4:1.2.3.4", Mechanism(MechanismName.IP4, Verdict.PASS, "ip4:1.2.3.4", network=0x01020304)),
        ("ip4:1.2.3.4/8", Mechanism(MechanismName.IP4, Verdict.PASS, "ip4:1.2.3.4/8", network=0x01020304, prefix4=8)),
        ("ip6:::1/64", Mechanism(MechanismName.IP6, Verdict.PASS, "ip6:::1/64", network=1, prefix6=64)),
        ("ip6:::1.2.3.4", Mechanism(MechanismName.IP6, Verdict.PASS, "ip6:::1.2.3.4", network=0x01020304)),
    ],
)
def test_directive(term: str, expected: Mechanism) -> None:
    """Names are case-insensitive, the qualifier defaults to pass, prefixes to the whole address."""
    assert parse(f"v=spf1 {term}".encode()).mechanisms == (expected,)


@pytest.mark.parametrize(
    ("term", "target", "prefixes"),
    [
        ("a:example.com", "example.com", (32, 128)),
        ("a:example.com./24//64", "example.com.", (24, 64)),
        ("a:%{d2}/24", "%{d2}", (24, 128)),
        ("a:%{l/}.exa/mple.com5/1", "%{l/}.exa/mple.com5", (1, 128)),
        ("mx:host-1.xn--p1ai", "host-1.xn--p1ai", (32, 128)),
        ("mx:foo%%", "foo%%", (32, 128)),
    ],
)
def test_target(term: str, target: str, prefixes: tuple[int, int]) -> None:
    """A domain-spec may hold slashes and digits; only what follows the last of it is a prefix."""
    (mechanism,) = parse(f"v=spf1 {term}".encode()).mechanisms
    assert mechanism.target is not None
    assert (target, prefixes) == (mechanism.target.text, (mechanism.prefix4, mechanism.prefix6))


@pytest.mark.parametrize(
    "term",
    [
        "all.",
        "all:x",
        "all/8",
        "+-all",
        "a:",
        "a:/24",
        "a:com",
        "a:com.",
        "a:1.2.3.4",
        "a:x.com/",
        "a:x.com/33",
        "a:x.com/024",
        "a:x.com//129",
        "a:x.com/a",
        "a/24/64",
        "a//024",
        "a:x.-com",
        "a:x.com:80",
        "a:x.com-",
        "a:%{z}.com",
        "a:%{c}.com",
        "a:%(d).com",
        "a:%.com",
        "a:%{d0}.com",
        "a:%{d}.",
        "a:%{d}com",
        "include",
        "include:",
        "include:x.com/24",
        "exists",
        "mx:.",
        "ip4",
        "ip4:",
        "ip4:1.2.3",
        "ip4:1.2.3.4.5",
        "ip4:1.2.3.04",
        "ip4:1.2.3.4/33",
        "ip4:1.2.3.4/",
        "ip4:1.2.3.4/032",
        "ip4:::1",
        "ip4:256.1.1.1",
        "ip6",
        "ip6:1.2.3.4",
        "ip6:::1/129",
        "ip6:::1%eth0",
        "ip6:g::",
        "redirect=",
        "redirect=com",
        "exp=",
        "exp=%{c}.com",
        "redirect=a.com%20redirect=b.com",
        "+redirect=a.com",
        "foo",
        "foo:bar",
        "foo/bar=baz",
        "x=%",
        "x=%{",
        "1=a",
        "-x=y",
        "=a",
    ],
)
def test_syntax_error(term: str) -> None:
    """ML03, ML05: anything that the grammar does not have is an error, wherever it stands."""
    with pytest.raises(RecordError):
        parse(f"v=spf1 all {term.replace('%20', ' ')}".encode())


@pytest.mark.parametrize(
    "record", [b"v=spf1 a\tmx", b"v=spf1 a:x.com\rptr -all", b"v=spf1 \x80a", b"v=spf1 a:x.com\n", "v=spf1 a:é.com".encode()]
)
def test_only_visible_ascii(record: bytes) -> None:
    """Terms are separated by spaces only and are visible ASCII."""
    with pytest.raises(RecordError):
        parse(record)


def test_modifiers() -> None:
    """Known modifiers once, unknown ones wherever and however often (RFC 7208 section 6)."""
    record = parse(b"v=spf1 x=1 x=1 EXP=e.%{d} moo.cow-far_out=man:dog/cat mx  Redirect=r.example.com x= ")
    assert record.redirect is not None
    assert record.explanation is not None
    assert (record.redirect.text, record.explanation.text) == ("r.example.com", "e.%{d}")


def test_length_limit() -> None:
    """ML03: a record longer than any in use is refused before it is read."""
    fits = b"v=spf1 " + b"a " * ((MAX_RECORD_BYTES - 7) // 2)
    assert parse(fits).mechanisms
    with pytest.raises(RecordError, match="more than 4096"):
        parse(fits + b"a a")


@given(st.text(st.sampled_from("av=spfmxil:/%{}d.0123456789r-+~? cexprdt"), max_size=80))
@example("a:" + "%{d}" * 900)
def test_parse_is_total(terms: str) -> None:
    """Any text is a record or a RecordError."""
    with suppress(RecordError):
        parse(b"v=spf1 " + terms.encode())
