"""Entries of the local address list: what is taken, in which spelling, and what it matches."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.re2 import compile_regex
from tidegate.domain.address import Validation, parse_mailbox
from tidegate.domain.local_addresses import LocalAddresses, LocalCase, Pattern, PatternType, canonical_key

EXACT, FNMATCH, SUBSTR, REGEX = PatternType


def listed(type_: PatternType, text: str, case: LocalCase = LocalCase.EXACT) -> Callable[[str], bool]:
    """The test of addresses against a list of one entry."""
    local = LocalAddresses.of([Pattern.parse(type_, text, compile_regex)], case, compile_regex)

    def test(address: str) -> bool:
        mailbox = parse_mailbox(address.encode(), Validation.STRICT)
        assert mailbox is not None, address
        return local.is_local(mailbox)

    return test


MATCHES = [
    (EXACT, "info@example.com", "info@EXAMPLE.com", True, "domains have no letter case"),
    (EXACT, "Info@Example.COM", "Info@example.com", True, "nor in the list"),
    (EXACT, "info@example.com", "Info@example.com", False, "local parts have"),
    (EXACT, "info@example.com", '"info"@example.com', True, "needless quotes"),
    (EXACT, "info@example.com", r'"in\fo"@example.com', True, "needless escapes"),
    (EXACT, r'"in\fo"@example.com', "info@example.com", True, "in the list too"),
    (EXACT, '"a b"@example.com', '"a b"@example.com', True, "quotes that are needed"),
    (EXACT, '"a@b"@example.com', '"a@b"@example.com', True, "an at sign in quotes"),
    (EXACT, '"a\\"b"@example.com', '"a\\"b"@example.com', True, "a quote in quotes"),
    (EXACT, "info@example.com", "info+tag@example.com", False, "a tag is another mailbox"),
    (EXACT, "info@example.com", "info@mail.example.com", False, "a host is another domain"),
    (EXACT, "info@müller.example", "info@xn--mller-kva.example", True, "U-label listed, A-label asked for"),
    (EXACT, "info@xn--mller-kva.example", "info@MÜLLER.example", True, "A-label listed, U-label asked for"),
    (EXACT, "üser@example.com", "üser@example.com", True, "local part beyond ASCII"),
    (EXACT, "postmaster@example.com", "PostMaster@example.com", True, "RFC 5321 section 4.5.1"),
    (EXACT, "Postmaster", "POSTMASTER", True, "without a domain"),
    (EXACT, "postmaster", "postmaster@example.com", False, "but only without"),
    (EXACT, "info@[192.0.2.1]", "info@[192.0.2.1]", True, "address literal"),
    (EXACT, "info@[IPv6:2001:DB8::0:1]", "info@[ipv6:2001:db8::1]", True, "in any spelling"),
    (FNMATCH, "*@example.com", "anybody@example.com", True, "whole domain"),
    (FNMATCH, "*@Example.Com", "anybody@example.com", True, "letter case of the domain"),
    (FNMATCH, "*@müller.example", "x@xn--mller-kva.example", True, "international domain"),
    (FNMATCH, "*@example.com", "anybody@sub.example.com", False, "not its hosts"),
    (FNMATCH, "*@*.example.com", "anybody@sub.example.com", True, "its hosts"),
    (FNMATCH, "*@example.com", '"x@example.com"@example.org', False, "AD21: the at sign is the last one"),
    (FNMATCH, "*@example.com", "x@example.com.example.org", False, "the whole domain"),
    (FNMATCH, "info*@example.com", "info-7@example.com", True, "star in the local part"),
    (FNMATCH, "info?@example.com", "info@example.com", False, "a question mark is one character"),
    (FNMATCH, "[ab]@example.com", "b@example.com", True, "class"),
    (FNMATCH, "[!ab]@example.com", "b@example.com", False, "negated class"),
    (FNMATCH, "*example.com", "x@mail.example.com", True, "no at sign: the whole address"),
    (SUBSTR, "sales", "presales@example.com", True, "anywhere in the local part"),
    (SUBSTR, "EXAMPLE", "x@mail.example.com", True, "anywhere in the domain"),
    (SUBSTR, "Sales", "presales@example.com", False, "letter case of local parts"),
    (SUBSTR, "@example.com", "x@example.com.example.org", True, "domains that begin like this: use *@example.com for one domain"),
    (SUBSTR, "@example.com", '"x@example.com"@example.org', False, "AD21: not inside a quoted local part"),
    (SUBSTR, "fo@ex", "info@example.com", True, "across the at sign"),
    (REGEX, r"info-\d+@example\.com", "info-12@example.com", True, "all of it"),
    (REGEX, r"info-\d+@example\.com", "xinfo-12@example.com", False, "not a part"),
    (REGEX, r"^info@example\.com$", "info@example.com", True, "anchors do no harm"),
    (REGEX, r"example", "info@example.com", False, "not a part"),
    (REGEX, r".*@example\.com", "INFO@EXAMPLE.COM", True, "the key is matched, not the spelling"),
    (REGEX, r"(?i)info@example\.com", "INFO@example.com", True, "flag"),
]


@pytest.mark.parametrize(("type_", "entry", "address", "local", "why"), MATCHES)
def test_match(type_: PatternType, entry: str, address: str, local: bool, why: str) -> None:
    """AD15, AD20, AD21: which addresses an entry makes local."""
    assert listed(type_, entry)(address) is local, why


@pytest.mark.parametrize(
    ("type_", "entry", "address"),
    [
        (EXACT, "Info@example.com", "iNFO@example.com"),
        (FNMATCH, "Info*@example.com", "iNFO-x@example.com"),
        (SUBSTR, "Sales", "preSALES@example.com"),
        (REGEX, r"Info@example\.com", "iNFO@example.com"),
    ],
)
def test_local_part_without_letter_case(type_: PatternType, entry: str, address: str) -> None:
    """``smtp-local-case: ignore`` holds for every type."""
    assert listed(type_, entry, LocalCase.IGNORE)(address)
    assert not listed(type_, entry, LocalCase.EXACT)(address)


REFUSED = [
    (EXACT, "", "is empty"),
    (EXACT, "info", "is not an e-mail address"),
    (EXACT, "a@b,c@d", "is not an e-mail address"),
    (EXACT, "*@example.com\r\nx@example.org", "control character"),
    (EXACT, "info@example.com ", "begins or ends with a space"),
    (EXACT, "@a.example:info@example.com", "source route"),
    (EXACT, "x" * 300, "longer than 256"),
    (EXACT, "=?utf-8?q?user?=@example.com", "is not an e-mail address"),
    (EXACT, "info@ⓔxample.com", "is not an e-mail address"),
    (FNMATCH, "a@b,c@d", "more than one @"),
    (FNMATCH, "@example.com", "nothing beside its @"),
    (FNMATCH, "*@mü*.example", "wildcards go with A-labels"),
    (FNMATCH, "*@a.example,b.example", "a character in its domain"),
    (SUBSTR, "@straße.example", "canonical form"),
    (REGEX, "(", "is no regular expression"),
    (REGEX, r"(a)\1", "is no regular expression"),
    (REGEX, "(?=a)a", "is no regular expression"),
    (REGEX, r".*@Example\.com", "capital letters behind its @"),
    (REGEX, ".*@müller[.]example", "not ASCII"),
    (REGEX, "(((a{900}){900}){900})", "is no regular expression"),
]


@pytest.mark.parametrize(("type_", "entry", "reason"), REFUSED)
def test_entries_that_cannot_be_used(type_: PatternType, entry: str, reason: str) -> None:
    """WC13: what is wrong with an entry is said, and it is not taken."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        Pattern.parse(type_, entry, compile_regex)


@pytest.mark.parametrize(
    ("type_", "entry", "broad"),
    [
        (FNMATCH, "*@*", True),
        (FNMATCH, "*", True),
        (FNMATCH, "*@*.*", True),
        (SUBSTR, "@", True),
        (SUBSTR, ".", True),
        (REGEX, ".*", True),
        (REGEX, ".+@.+", True),
        (REGEX, r"[^@]+@(.*)", True),
        (FNMATCH, "*@example.com", False),
        (FNMATCH, "postmaster@*", False),
        (SUBSTR, "@example.com", False),
        (REGEX, r".*@example\.(com|net)", False),
        (EXACT, "a@example.com", False),
    ],
)
def test_entries_that_match_everybody_are_told(type_: PatternType, entry: str, broad: bool) -> None:
    """WC13: whoever would make all mail local is asked first."""
    assert Pattern.parse(type_, entry, compile_regex).is_broad(compile_regex) is broad


@given(st.sampled_from([EXACT, FNMATCH, SUBSTR]), st.text(max_size=40))
def test_canonical_spelling_is_read_back(type_: PatternType, text: str) -> None:
    """Reading an entry's canonical spelling gives the same entry; whatever else happens, it is only ever ValueError."""
    try:
        pattern = Pattern.parse(type_, text, compile_regex)
    except ValueError:
        return
    assert Pattern.parse(type_, pattern.text, compile_regex) == pattern


QUOTED = st.text(st.sampled_from('ab"\\@ .'), min_size=1, max_size=8).map(
    lambda text: '"' + re.sub(r'(["\\])', r"\\\1", text) + '"@Example.com'
)


@given(QUOTED)
def test_quoted_local_parts_are_read_back(address: str) -> None:
    """Canonical spelling of quoted local parts: read back to itself, and local to a list that holds it."""
    pattern = Pattern.parse(EXACT, address, compile_regex)
    assert Pattern.parse(EXACT, pattern.text, compile_regex) == pattern
    assert listed(EXACT, address)(pattern.text)
    assert listed(EXACT, pattern.text)(address)


def test_hostile_patterns_end() -> None:
    """AD22: expressions and globs on which a backtracking engine takes for ever; the timeout of the test run is what would notice."""
    address = parse_mailbox(b"a" * 64 + b"@" + b"b." * 80 + b"example")
    assert address is not None
    entries = [
        (REGEX, "(a+)+@x"),
        (REGEX, "(a|a)*@x"),
        (REGEX, "(.*)*x"),
        (FNMATCH, "*a" * 60 + "@x"),
        (FNMATCH, "*a" * 60 + "*"),
        (FNMATCH, "*" * 200 + "x"),
    ]
    local = LocalAddresses.of([Pattern.parse(type_, text, compile_regex) for type_, text in entries], LocalCase.EXACT, compile_regex)
    for _ in range(100):
        local.is_local(address)


@given(st.from_regex(r"[A-Za-z.=?]{1,9}@[A-Za-z0-9.-]{1,12}", fullmatch=True))
def test_usual_addresses_are_read_like_all_others(text: str) -> None:
    """The short way for addresses that are canonical already takes nothing that the grammar refuses, and changes nothing."""
    mailbox = parse_mailbox(text.encode(), Validation.STRICT)
    if mailbox is None:
        with pytest.raises(ValueError, match="no"):
            Pattern.parse(EXACT, text, compile_regex)
    else:
        pattern = Pattern.parse(EXACT, text, compile_regex)
        assert pattern.exact_key(LocalCase.EXACT) == canonical_key(mailbox)
