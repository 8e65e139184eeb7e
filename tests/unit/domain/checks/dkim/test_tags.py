"""Tag lists."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.domain.checks.dkim.tags import TagError, decode_base64, parse_number, parse_tags, split_list


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", {}),
        (b"v=1", {"v": "1"}),
        (b" v = 1 ;\r\n\ta=rsa-sha256;\t", {"v": "1", "a": "rsa-sha256"}),
        (b"a=b=c;B=x;b=y", {"a": "b=c", "B": "x", "b": "y"}),
        (b"h=from :\r\n to;z=", {"h": "from : to", "z": ""}),
        ("i=é@x".encode(), {"i": "é@x"}),
    ],
)
def test_parse(text: bytes, expected: dict[str, str]) -> None:
    """Names are case-sensitive, white space around names and values is not part of them, values may hold any character but a semicolon."""
    assert expected == parse_tags(text)


@pytest.mark.parametrize("text", [b"v", b"v=1;;a=b", b";", b"=1", b"1=v", b"v-x=1", b"v=1;v=1", b"v=1;x=\x00", b"v=\r", b"v=a\nb", b"v=\x7f"])
def test_errors(text: bytes) -> None:
    """Tags without name or value, one twice, control characters: the whole list is invalid (RFC 6376 section 3.2)."""
    with pytest.raises(TagError):
        parse_tags(text)


@given(st.binary(max_size=100))
@example(b"a" * 20000)
@example(b";" * 20000)
@example(b"a=" + b" " * 20000 + b"x")
def test_parse_is_total(text: bytes) -> None:
    """Any bytes are a tag list or an error."""
    try:
        tags = parse_tags(text)
    except TagError:
        return
    assert all(name.isascii() for name in tags)


@pytest.mark.parametrize("value", ["", " ", "a", "ab=c", "====", "a!bc", "YQ=", "é"])
def test_no_base64(value: str) -> None:
    """Exactly the alphabet, padded."""
    with pytest.raises(TagError, match="b="):
        decode_base64("b", value)


def test_base64_with_blanks() -> None:
    """Folded values have white space anywhere."""
    assert decode_base64("b", "a G\tk=") == b"hi"


@pytest.mark.parametrize("value", ["", "-1", "+1", "1_0", "²", "1234567890123", "1 "])
def test_no_number(value: str) -> None:
    """ML08: digits and nothing else, as many as the grammar has."""
    with pytest.raises(TagError):
        parse_number("t", value, 12)


def test_lists() -> None:
    """Items between colons, white space around them."""
    assert split_list("a : b\t:c") == ["a", "b", "c"]
