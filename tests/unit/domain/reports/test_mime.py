"""MIME structure: boundaries that try to confuse, broken multiparts, parameters, encoded words, transfer encodings."""

import pytest
from tests.unit.domain.reports.messages import crlf

from tidegate.domain.reports.content_type import ContentType, read_content_type
from tidegate.domain.reports.encoded_words import decode_words
from tidegate.domain.reports.header import Header, header_end
from tidegate.domain.reports.limits import MAX_MIME_DEPTH, MAX_MIME_PARTS
from tidegate.domain.reports.mime import Part, leaves, whole
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.text import clean, decode
from tidegate.domain.reports.transfer import decode_transfer


def parts(message: str) -> list[Part]:
    """The leaves of a message."""
    data = crlf(message)
    end, body = header_end(data, 0, len(data))
    header = Header(data[:end])
    return list(leaves(whole(data, header, read_content_type(header.get(b"content-type") or ""), body)))


def bodies(message: str) -> list[str]:
    """Their bodies."""
    return [part.body().decode() for part in parts(message)]


HEAD = 'Content-Type: multipart/mixed; boundary="b"\n\n'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("preamble\n--b\n\none\n--b\nX: y\n\ntwo\n--b--\nepilogue\n--b\n\nthree\n", ["one", "two"]),
        ("--b\n\none\n", ["one\r\n"]),
        ("--b\n\n--b\n\n--b--", ["", ""]),
        ("--b  \n\none\n--b --\n\ntwo\n--b\t\n\nthree\n--b--\n", ["one\r\n--b --\r\n\r\ntwo", "three"]),
        ("--bb\n\nx\n--b\n\none\n--bc\n\n --b\nx--b\n--b--\n", ["one\r\n--bc\r\n\r\n --b\r\nx--b"]),
        ("--b\nno header at all\n--b--\n", [""]),
        ("no delimiter\n", ["no delimiter\r\n"]),
        ('--b\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n--b--\n', ["", "one"]),
        ('--b\nContent-Type: multipart/mixed; boundary="bb"\n\n--bb\n\none\n--bb--\n--b\n\ntwo\n--b--\n', ["one", "two"]),
        ("--b\nContent-Type: multipart/mixed\n\ntext\n--b--\n", ["text"]),
        ("--b\nContent-Type: message/rfc822\n\n" + HEAD + "--c\n\none\n--b--\n", [crlf(HEAD).decode() + "--c\r\n\r\none"]),
    ],
)
def test_parts(body: str, expected: list[str]) -> None:
    """HD09: delimiters are whole lines; a missing end, a prefix of another boundary and the same boundary nested end somewhere."""
    assert bodies(HEAD + body) == expected


def test_message_without_parts() -> None:
    """The message itself is the leaf, also when it calls itself multipart without a boundary."""
    assert bodies("Subject: x\n\nbody\n") == ["body\r\n"]
    assert bodies("Content-Type: multipart/mixed\n\nbody\n") == ["body\r\n"]
    assert bodies(f'Content-Type: multipart/mixed; boundary="{"b" * 300}"\n\nbody\n') == ["body\r\n"]


def nested(depth: int) -> str:
    """A text within ``depth`` multiparts."""
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return head + "\ntext"


def test_depth_is_bounded() -> None:
    """HD09: 20 levels are walked, not one more, however small they are."""
    assert bodies(nested(MAX_MIME_DEPTH)) == ["text"]
    for depth in (MAX_MIME_DEPTH + 1, 1_000, 10_000):
        with pytest.raises(Unreadable, match=r"levels|nested"):
            bodies(nested(depth))


def test_parts_are_bounded() -> None:
    """HD09: 200 parts are walked, the container counted, not one more."""
    assert len(parts(HEAD + "--b\n\nx\n" * (MAX_MIME_PARTS - 1))) == MAX_MIME_PARTS - 1
    with pytest.raises(Unreadable, match="MIME parts"):
        parts(HEAD + "--b\n\nx\n" * MAX_MIME_PARTS)


def test_scanning_is_bounded() -> None:
    """HD09: twenty levels that are each as large as the message are not all searched."""
    with pytest.raises(Unreadable, match="nested"):
        parts(nested(MAX_MIME_DEPTH - 1) + "x" * 1_000_000)


def test_near_misses_are_bounded() -> None:
    """HD09: lines that begin like a delimiter."""
    with pytest.raises(Unreadable, match="begin like"):
        parts(HEAD + "--b\n\n" + "--bb\n" * 10_001)


def test_header_of_a_part_is_bounded() -> None:
    """HD08: a part whose header does not end."""
    with pytest.raises(Unreadable, match="header of a part"):
        parts(HEAD + "--b\n" + "A: b\n" * 20_000 + "\nx\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/plain", ContentType("text/plain")),
        (
            'Multipart/Report; Report-Type=delivery-status;\n\tboundary="a;b\\"c"',
            ContentType("multipart/report", {"report-type": "delivery-status", "boundary": 'a;b"c'}),
        ),
        ("a/b (comment); x = y z ; x=2;;; =; ;w", ContentType("a/b", {"x": "y", "": ""})),
        ("a/b; name*0*=utf-8'en'%C3%A9; name*1=b; name*2*=%20c%ZZ", ContentType("a/b", {"name": "éb c%ZZ"})),
        ("a/b; name*=iso-8859-1''%E9.xml; name=plain", ContentType("a/b", {"name": "é.xml"})),
        ('a/b; x="open', ContentType("a/b", {"x": "open"})),
        ('a/b; x="open\\', ContentType("a/b", {"x": "open\\"})),
        ("", ContentType()),
        (";;;", ContentType()),
    ],
)
def test_content_types(value: str, expected: ContentType) -> None:
    """Quoted, folded, commented, continued (RFC 2231), and broken."""
    assert read_content_type(value.replace("\n", "")) == expected


def test_parameters_are_bounded() -> None:
    """HD10: a hundred thousand semicolons, parameters and backslashes."""
    assert read_content_type("a/b" + ";" * 100_000).parameters == {}
    assert len(read_content_type("a/b" + "".join(f";p{n}=v" for n in range(10_000))).parameters) <= 64
    assert read_content_type('a/b; x="' + "\\" * 100_000).type == "a/b"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a=20b_c?= d", "a b c d"),
        ("=?utf-8?B?w6k=?=  =?utf-8?b?w6k?=", "éé"),
        ("=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"),
        ("=?iso-8859-1*en?q?=E9?=x=?koi8-r?q?=C1?=", "éxа"),
        ("=?utf-8?x?a?= =?broken", "=?utf-8?x?a?= =?broken"),
        ("=?utf-8?q?a?= =?utf-8?b?a?= =?utf-8?q?b?=", "a =?utf-8?b?a?= b"),
        ("=?utf-8?q?a=0d=0aX: y?=", "=?utf-8?q?a=0d=0aX: y?="),
        ("=?punycode?q?a-b?=", "a-b"),
    ],
)
def test_encoded_words(value: str, expected: str) -> None:
    """RFC 2047, neighbours joined, broken words left alone, no codec that is not a charset."""
    assert decode_words(value) == expected


def test_encoded_words_cannot_break_lines() -> None:
    """HD04: line breaks and controls that decoding brings to light are taken out where values are cleaned."""
    assert clean(decode_words("=?utf-8?q?a=0d=0aX=3A_y=00?=")) == "a X: y"


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (b"YWJj\r\nZGVm", "base64", b"abcdef"),
        (b"YWJjZGV", "base64", b"abc"),
        (b"!!!!", "base64", b""),
        (b"YWJj====YWJj", "base64", b"abcabc"),
        (b"a=3D=\r\nb=zz", "quoted-printable", b"a=b=zz"),
        (b"a=3D", "8bit", b"a=3D"),
        (b"a", "x-unknown", b"a"),
        (b"", "base64", b""),
    ],
)
def test_transfer_encodings(body: bytes, encoding: str, expected: bytes) -> None:
    """Broken input gives what can be had."""
    assert decode_transfer(body, encoding) == expected


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        (b"\xe9", "iso-8859-1", "é"),
        ("é".encode(), "us-ascii", "é"),
        (b"\xe9", "us-ascii", "é"),
        (b"\xe9", "utf-8", "\ufffd"),
        ("猫".encode("iso-2022-jp"), "ISO-2022-JP", "猫"),
        (b"\\x41", "unicode_escape", "\\x41"),
        (b"abc", "zlib", "abc"),
        (b"abc", "euc_nonsense", "abc"),
    ],
)
def test_charsets(data: bytes, charset: str, expected: str) -> None:
    """Charsets are decoded, other codecs of Python are not reached."""
    assert decode(data, charset) == expected
