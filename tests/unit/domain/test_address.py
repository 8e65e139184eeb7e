"""The address grammar against its tables, the outside suites and itself."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.address import NULL_PATH, Mailbox, Validation, parse_mailbox, parse_path

STRICT, LOOSE = Validation.STRICT, Validation.LOOSE

# address, domain when strict takes it (None: refused), domain when loose takes it
MAILBOXES: list[tuple[bytes, str | None, str | None]] = [
    (b"a@b.c", "b.c", "b.c"),
    (b"a@EXAMPLE.Com", "example.com", "example.com"),
    (b"a@localhost", "localhost", "localhost"),
    (b"PostMaster", "", ""),
    (b'"a b"@c.d', "c.d", "c.d"),
    (b'"a@evil.com"@local', "local", "local"),
    (b'"\\a"@c.d', "c.d", "c.d"),
    (b'""@c.d', "c.d", "c.d"),
    (b"a%b@c.d", "c.d", "c.d"),  # AD09
    (b"|/bin/sh@b.c", "b.c", "b.c"),  # AD10: opaque
    (b"a@b@c", None, None),  # AD06
    (b"@b", None, None),
    (b"a@", None, None),
    (b"a", None, None),
    (b"a b@c.d", None, "c.d"),
    (b".a@b.c", None, "b.c"),
    (b"a..b@c.d", None, "c.d"),
    (b"a@b..c", None, None),
    (b"a@b.", None, None),  # AD15
    (b"a@-b.c", None, None),
    (b"a@b-.c", None, None),
    (b"a@b_c.d", None, None),
    (b"any@legit.com(a.attack.com", None, None),  # AD07
    (b"(any@legit.com", None, "legit.com"),
    (b"any@legit.com'@any.attack.com", None, None),
    (b"@legit.com,@any.com:a@attack.com", "attack.com", "attack.com"),  # AD08
    (b'"a\x00b"@c.d', None, None),  # AD04
    (b'"a\r\nb"@c.d', None, None),  # AD03
    (b"a\x7f@c.d", None, None),
    (b"=?utf-8?q?a=0d=0aRSET?=@b.c", None, None),  # AD01
    (b"a@=?utf-8?q?evil=2ecom?=", None, None),  # AD02
    (b"a=?b@c.d", "c.d", "c.d"),
    ("я@пример.рф".encode(), "xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
    (b"a\xff@b.c", None, None),  # AD12
    (b"a\xc0\xaf@b.c", None, None),
    (b"a\xed\xa0\x80@b.c", None, None),
    *[(f"a{mark}b@c.d".encode(), None, None) for mark in "\u202e\u200b\u2060\ufeff\u0085\u2028"],  # AD13
    ("a@ⓔⓧample.com".encode(), None, None),  # AD14
    ("a@faß.de".encode(), None, None),
    (b"a@xn---", None, None),
    (b"a@xn--a", None, None),
    (b"a@" + b"a" * 63 + b".b", "a" * 63 + ".b", "a" * 63 + ".b"),
    (b"a@" + b"a" * 64 + b".b", None, None),
    (b"a@" + "é".encode() * 10_000, None, None),
    (b"a@[1.2.3.4]", "[1.2.3.4]", "[1.2.3.4]"),  # AD16
    (b"a@[IPv6:::1]", "[IPv6:::1]", "[IPv6:::1]"),
    (b"a@[ipv6:2001:DB8::1]", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
    (b"a@[IPv6:zz]", None, None),
    (b"a@[::1]", None, None),
    (b"a@[IPv6:fe80::1%eth0]", None, None),
    (b"a@[1.2.3.4", None, None),
    (b"a@[1.2.3.256]", None, None),
    (b"a" * 64 + b"@b.c", "b.c", "b.c"),  # AD17
    (b"a" * 65 + b"@b.c", None, "b.c"),
    (b"a" * 1018 + b"@b.c", None, "b.c"),
    (b"a" * 1019 + b"@b.c", None, None),
    (b'"' * 480 + b"@c.d", None, None),  # AD18
    (b"(" * 480 + b"@c.d", None, "c.d"),
]


@pytest.mark.parametrize(("data", "strict", "loose"), MAILBOXES)
def test_mailbox(data: bytes, strict: str | None, loose: str | None) -> None:
    """One line each; the domain is what comparisons see."""
    for validation, expected in ((STRICT, strict), (LOOSE, loose)):
        mailbox = parse_mailbox(data, validation)
        assert (mailbox.domain if mailbox else None) == expected
        in_path, rest = parse_path(b"<" + data + b"> SIZE=1", validation)
        assert in_path == mailbox
        if mailbox is not None:
            assert rest == b"SIZE=1"


@pytest.mark.parametrize(
    ("data", "strict", "loose"),
    [
        (b"<>", True, True),
        (b"<> SIZE=1", True, True),
        (b"<>x", False, False),
        (b"<a@b.c>x", False, False),
        (b"<a@b.c", False, False),
        (b"a@b.c>", False, False),
        (b"<<a@b.c>>", False, False),
        (b"<a@b.c>>", False, False),
        (b"a@b.c", False, True),
        (b'<"a>b"@c.d>', True, True),
        (b"", False, False),
    ],
)
def test_path(data: bytes, strict: bool, loose: bool) -> None:
    """AD06, AD19: angle brackets are part of the grammar."""
    assert (parse_path(data, STRICT)[0] is not None) is strict
    assert (parse_path(data, LOOSE)[0] is not None) is loose


def test_null_path() -> None:
    """The null reverse path is the empty address."""
    assert parse_path(b"<>")[0] is NULL_PATH
    assert NULL_PATH.text == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"a@B.c", b"a@b.C", True),
        (b'"a"@b.c', b"a@b.c", True),
        (b'"\\a"@b.c', b"a@b.c", True),
        (b"A@b.c", b"a@b.c", False),
        ("a@пример.рф".encode(), b"a@xn--e1afmkfd.xn--p1ai", True),
    ],
)
def test_key(one: bytes, other: bytes, same: bool) -> None:
    """AD05, AD15, AD21: one mailbox, one key."""
    first, second = parse_mailbox(one), parse_mailbox(other)
    assert first is not None
    assert second is not None
    assert (first.key == second.key) is same


@given(st.binary(max_size=300), st.sampled_from(Validation))
def test_total(data: bytes, validation: Validation) -> None:
    """Any bytes: a mailbox or None, and never a control character."""
    mailbox, rest = parse_path(data, validation)
    assert data.endswith(rest)
    if isinstance(mailbox, Mailbox):
        assert mailbox.text.isprintable()


@given(st.text('abc.@"\\ <>[]:=?é', max_size=40), st.sampled_from(Validation))
def test_what_is_taken_is_taken_again(text: str, validation: Validation) -> None:
    """Round trip: the text of a mailbox parses to the same mailbox."""
    mailbox = parse_mailbox(text.encode(), validation)
    if mailbox is not None:
        assert parse_mailbox(mailbox.text.encode(), validation) == mailbox


def test_outside_suite(corpora: Path) -> None:
    """At least 98 % of the address suites."""
    cases = [json.loads(line) for line in (corpora / "addresses" / "cases.jsonl").read_text("utf-8").splitlines()]
    wrong = [case for case in cases if (parse_mailbox(case["address"].encode("utf-8", "surrogatepass")) is not None) != case["valid_strict"]]
    assert len(wrong) <= 0.02 * len(cases), [(case["address"], case["diagnosis"]) for case in wrong]


def test_outside_paths(corpora: Path) -> None:
    """Forward paths with their parts."""
    for line in (corpora / "addresses" / "path_cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        mailbox, _ = parse_path(case["path"].encode())
        assert (mailbox is not None) == case["valid"]
        if mailbox is not None:
            assert (mailbox.local_part, mailbox.domain) == (case["local"], case["domain"])
