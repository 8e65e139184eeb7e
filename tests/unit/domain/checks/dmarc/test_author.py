"""Reading the From field: one author, or a problem."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.domain.checks.dmarc.author import MAX_FROM_BYTES, Author, FromError, author_of, domains_of
from tidegate.domain.headers import HeaderBlock, inspect


def block(header: bytes) -> HeaderBlock:
    """The header section of a message with these fields."""
    found = inspect(header + b"Subject: x\r\n\r\nbody\r\n")
    assert isinstance(found, HeaderBlock)
    return found


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        ("user@example.com", ("example.com",)),
        ("<user@Example.COM>", ("example.com",)),
        ("Joe Q. Public <joe@example.com>", ("example.com",)),
        ("joe@other.example <joe@example.com>", ("example.com",)),  # an address as unquoted display name: senders do that
        ('"joe@other.example" <joe@example.com>', ("example.com",)),
        ("[List] Joe <joe@example.com>", ("example.com",)),
        ("=?utf-8?Q?J=C3=B6e,_P?= <joe@example.com>", ("example.com",)),
        ("=?utf-8?B?PGFkbWluQGxlZ2l0Pg==?= <joe@example.com>", ("example.com",)),
        ("Jöe <joe@example.com>", ("example.com",)),
        ("(Joe (senior) \\) x) joe@example.com (end)", ("example.com",)),
        ('"Joe" joe@example.com', ("example.com",)),
        ('"j@x.com"@example.com', ("example.com",)),
        ("joe @ example . com", ("example.com",)),  # RFC 5322 section 4.4
        ("joe..smith.@example.com", ("example.com",)),
        ("a@example.com, b@EXAMPLE.com", ("example.com",)),
        ("a@example.com, b@example.org, c@example.com", ("example.com", "example.org")),
        ("Team: a@example.com, B <b@example.org>;", ("example.com", "example.org")),
        ("None:;, a@example.com", ("example.com",)),
        ("x@食狮.公司.cn", ("xn--85x722f.xn--55qx5d.cn",)),
        ("山田\u3000太郎 <taro@example.com>", ("example.com",)),  # the blank between names in Japanese
        ("Jean\u00a0Dupont <jean@example.com>", ("example.com",)),
        ("\r\n Joe\r\n\t<joe@example.com>\r\n", ("example.com",)),
    ],
)
def test_domains(value: str, domains: tuple[str, ...]) -> None:
    """Mailboxes, groups, comments, folding and harmless bad habits."""
    assert domains == domains_of(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " \r\n",
        "Joe",
        "undisclosed:;",
        "<>",
        "joe@",
        "@example.com",
        "joe@[192.0.2.1]",
        "joe@exam_ple..com",
        "joe@=?utf-8?Q?legit.com?=",
        "joe@legit.com'a.attack.com",
        "joe@legit(.attack).com",
        "joe@x@example.com",
        "Joe Public joe@example.com",
        "joe@example.com x",
        "a@example.com,",
        ",a@example.com",
        "a@example.com,,b@example.com",
        "a@example.com;",
        "Team: a@example.com",
        ": a@example.com;",
        "Team: a@example.com; x",
        "Team: a@example.com,;",
        "(open <joe@example.com>",
        '"open <joe@example.com>',
        "joe@example.com\x00",
        "joe@exa\x1bmple.com",
        "joe@legit.com\u3000.attack.com",
        "joe@legit.com\u2028",
        "Smith, Joe <joe@example.com>",
    ],
)
def test_problems(value: str) -> None:
    """What has no one reading has none."""
    with pytest.raises(FromError):
        domains_of(value)


@pytest.mark.parametrize(
    "header",
    [
        b"From: <first@attack.com>\r\nFrom: <admin@legit.com>\r\n",  # A8
        b" From: <first@attack.com>\r\nFrom: <admin@legit.com>\r\n",  # A9: read as continuation, or as field
        b"From : <first@attack.com>\r\nFrom: <admin@legit.com>\r\n",  # A10
        b"From\r\n : <first@attack.com>\r\nFrom: <admin@legit.com>\r\n",  # A11
        b" From: <admin@legit.com>\r\n",
        b"From : <admin@legit.com>\r\n",
        b"From\r\n : <admin@legit.com>\r\n",
        b"From\t: <admin@legit.com>\r\n",
        b"From: <first@attack.com>, <admin@legit.com>\r\n",  # A12
        b"From: =?utf-8?B?PGFkbWluQGxlZ2l0LmNvbT4=?=,<second@attack.com>\r\n",  # A13
        b"From: <@attack.com,@any.com:admin@legit.com>\r\n",  # A14
        b"From: <admin@legit.com>\\,<second@attack.com>\r\n",  # A15
        b"From: admin@legit.com,<second@attack.com>\r\n",  # A16
        b"From: <any@attack.com>admin@legit.com\r\n",  # A17
        b"From: <admin@legit.com><second@attack.com>\r\n",  # A18
        b"From: admin@legit.com<second@attack.com\r\n",
        b"From: =?utf-8?B?YWRtaW5AbGVnaXQuY29t?=\r\n",  # A19: an encoded word for the whole address
        b"From:\r\n",
        b"From: \r\n \r\n",
        b"",
        b"Fr\xc3\xb6m: a@legit.com\r\n",
        b"From: " + b"a" * MAX_FROM_BYTES + b"@legit.com\r\n",
        b"X: y\nFrom: <admin@legit.com>\r\nFrom: <second@attack.com>\r\n",  # by BODY=BINARYMIME
        b"X: y\rFrom: <admin@legit.com>\r\nFrom: <second@attack.com>\r\n",
        b"From: <second@attack.com>\n\nX: y\r\n",
    ],
)
def test_spoofing(header: bytes) -> None:
    """ML12, espoofer A8 to A19: every From that two readers take for two authors is a problem."""
    author = author_of(block(header))
    assert author.problem
    assert author.problem.isascii()


def test_one_author() -> None:
    """One field, one domain, whatever stands around it; names that only begin or end alike are other fields."""
    header = b"From-Line: a@x.com\r\nfrOM:Joe <joe@Example.COM>\r\nX-From: b@y.com\r\nno colon From\r\n"
    assert author_of(block(header)) == Author("example.com")


def test_first_domain_is_told() -> None:
    """Of several authors the first is named, with the problem."""
    assert author_of(block(b"From: a@one.example, b@two.example\r\n")) == Author("one.example", "authors of 2 domains in the From field")


def test_header_in_body_does_not_count() -> None:
    """Only the header section is looked at."""
    found = inspect(b"Subject: x\r\n\r\nFrom: a@example.com\r\n")
    assert isinstance(found, HeaderBlock)
    assert author_of(found) == Author("", "no From field")


@given(st.text(st.sampled_from('ab@<>,;:()"\\. \r\n[]=?\x00éQ'), max_size=60))
@example("(" * 3000)
@example('"' + "\\a" * 3000)
@example("=?" * 3000)
@example("a:" * 3000)
def test_domains_of_is_total(value: str) -> None:
    """Any text has domains in A-labels, or a problem."""
    try:
        domains = domains_of(value)
    except FromError:
        return
    assert domains
    assert all(domain.isascii() and domain == domain.lower() for domain in domains)


@given(st.binary(max_size=80))
def test_author_of_is_total(header: bytes) -> None:
    """Any bytes give an author or a problem."""
    author = author_of(block(header + b"\r\n"))
    assert author.problem or author.domain
