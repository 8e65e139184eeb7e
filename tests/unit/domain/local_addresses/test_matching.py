"""The list as a whole, and its table of exact entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.re2 import compile_regex
from tidegate.domain.address import NULL_PATH, Mailbox, Validation, parse_mailbox, parse_path
from tidegate.domain.local_addresses import (
    MAX_PATTERNS,
    ExactTable,
    ExactTableBuilder,
    LocalAddresses,
    LocalCase,
    Match,
    Pattern,
    PatternType,
    canonical_key,
)

LISTED = LocalAddresses.of(
    [
        Pattern.parse(type_, text, compile_regex)
        for type_, text in [
            (PatternType.EXACT, "info@example.com"),
            (PatternType.EXACT, '"a b"@example.com'),
            (PatternType.FNMATCH, "*@example.net"),
            (PatternType.FNMATCH, "*@*.example.net"),
            (PatternType.REGEX, r"bounce-\d+@example\.com"),
        ]
    ],
    compile_regex=compile_regex,
)


def mailbox(text: str) -> Mailbox:
    """A mailbox that passes the grammar."""
    found = parse_mailbox(text.encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "type_", "entry"),
    [
        ("info@Example.com", PatternType.EXACT, "info@example.com"),
        ('"a b"@example.com', PatternType.EXACT, '"a b"@example.com'),
        ("x@example.net", PatternType.FNMATCH, "*@example.net"),
        ("x@a.example.net", PatternType.FNMATCH, "*@*.example.net"),
        ("bounce-7@example.com", PatternType.REGEX, r"bounce-\d+@example\.com"),
    ],
)
def test_explain_names_the_entry(address: str, type_: PatternType, entry: str) -> None:
    """Why an address is local: the entry as the list has it."""
    match = LISTED.explain(mailbox(address))
    assert match == Match(canonical_key(mailbox(address)), Pattern(type_, entry))


def test_nothing_else_is_local() -> None:
    """The null path, strangers, and everybody when the list is empty."""
    assert not LISTED.is_local(NULL_PATH)
    assert not LISTED.is_local(mailbox("info@example.org"))
    assert not LISTED.is_local(mailbox("postmaster"))
    assert not LocalAddresses().is_local(mailbox("info@example.com"))
    assert LISTED.explain(mailbox("info@example.org")) is None
    assert len(LISTED) == 5


TRICKS = [
    b"<info@example.com >",
    b"<info@example.com\t>",
    b"< info@example.com>",
    b"<info+tag@example.com>",
    b"<=?utf-8?q?info?=@example.com>",
    b"<in\\fo@example.com>",
    b"<info@example.com.>",
    b"<info@example.com@example.org>",
    b"<@example.com:info@example.org>",
    b"<info@example.com\0@example.org>",
    b"<info@exa\xe2\x93\x9cple.com>",
    b'<"info@example.com"@example.org>',
    b'<"info@example.com>',
    "<info@example.c\u03bfm>".encode(),
    b"<info@[example.com]>",
    b"<info%example.com@example.org>",
]


@pytest.mark.parametrize("validation", Validation)
@pytest.mark.parametrize("path", TRICKS)
def test_tricks_do_not_make_an_address_local(path: bytes, validation: Validation) -> None:
    """AD21: spellings that another program might read as info@example.com."""
    found, _ = parse_path(path, validation)
    assert found is None or not LISTED.is_local(found)


LOCAL_PARTS = st.sampled_from(
    ["info", '"info"', 'i"nfo', '"in\\fo"', "INFO", "info ", '"info@example.com"', "üser", "bounce-1", "postmaster", '"a b"', "a b"]
)
DOMAINS = st.sampled_from(
    ["example.com", "EXAMPLE.com", "example.com.", "example.net", "a.example.net", "example.org", "xn--mller-kva.example", "[192.0.2.1]", ""]
)


@given(LOCAL_PARTS | st.text(max_size=12), DOMAINS | st.text(max_size=12), st.sampled_from(Validation), st.sampled_from(LocalCase))
def test_what_is_published_is_what_was_matched(local_part: str, domain: str, validation: Validation, case: LocalCase) -> None:
    """AD21: ``is_local(x)`` implies that the recipient as it is published has the key that was found in the list."""
    patterns = [
        Pattern.parse(PatternType.EXACT, text, compile_regex)
        for text in ("info@example.com", "postmaster@example.com", "info@xn--mller-kva.example")
    ]
    listed = LocalAddresses.of(patterns, case)
    found, _ = parse_path(f"<{local_part}@{domain}>".encode("utf-8", "surrogatepass"), validation)
    if found is None or not listed.is_local(found):
        return
    published = parse_mailbox(found.text.encode(), validation)
    assert published is not None
    assert canonical_key(published, case) in {pattern.exact_key(case) for pattern in patterns}


def test_too_many_patterns() -> None:
    """The bound of entries that cost time is kept; exact entries and whole domains do not count."""
    exact = [Pattern(PatternType.EXACT, f"u{number}@example.com") for number in range(2 * MAX_PATTERNS)]
    domains = [Pattern(PatternType.FNMATCH, f"*@d{number}.example") for number in range(2 * MAX_PATTERNS)]
    assert len(LocalAddresses.of([*exact, *domains])) == 4 * MAX_PATTERNS
    with pytest.raises(ValueError, match="at most 1000"):
        LocalAddresses.of([Pattern(PatternType.SUBSTR, f"u{number}") for number in range(MAX_PATTERNS + 1)])


def test_regular_expressions_need_an_engine() -> None:
    """Without one the list is not made, rather than made without the entry."""
    with pytest.raises(ValueError, match="no engine"):
        LocalAddresses.of([Pattern(PatternType.REGEX, "a")])


@given(st.sets(st.text(max_size=8), max_size=60), st.lists(st.text(max_size=8), max_size=20))
def test_table_is_a_set(texts: set[str], others: list[str]) -> None:
    """The table holds what was put in and nothing else, wherever in a larger blob it lies."""
    builder = ExactTableBuilder()
    builder.add(texts)
    builder.add(texts)
    table = builder.table()
    assert len(table) == len(texts)
    moved = ExactTable(b"header" + table.blob[0 : len(table.blob)] + b"rest", 6, table.count)
    for text in [*texts, *others]:
        assert (text in table) is (text in texts)
        assert (text in moved) is (text in texts)


def test_a_table_that_is_cut_short_is_not_taken() -> None:
    """A file that lost its end is noticed before the first question."""
    builder = ExactTableBuilder()
    builder.add(["a", "b"])
    table = builder.table()
    with pytest.raises(ValueError, match="cut short"):
        ExactTable(table.blob[0 : len(table.blob) - 1], 0, 2)
