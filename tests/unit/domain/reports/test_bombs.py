"""Bombs end within the bounds: what they unfold to is measured, not the clock."""

import gzip
import zipfile
import zlib
from contextlib import suppress

import pytest
from tests.unit.domain.reports.messages import XML, attached, crlf, note_of, zipped

from tidegate.domain.reports import classify
from tidegate.domain.reports.archive import expand, peek
from tidegate.domain.reports.dmarc_aggregate import read_dmarc_aggregate
from tidegate.domain.reports.limits import MAX_EXPANDED_BYTES
from tidegate.domain.reports.outcome import Unreadable


def zeros(size: int) -> bytes:
    """A gzip file that expands to an aggregate report with so many octets of white space."""
    packer = zlib.compressobj(9, wbits=31)
    block = b" " * 1_000_000
    return b"".join([packer.compress(XML), *(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


@pytest.mark.parametrize("size", [11_000_000, 100_000_000])
def test_gzip_bomb(size: int) -> None:
    """RP01: 100 MB out of 100 KB."""
    assert "octets after decompression" in note_of(attached(zeros(size)))


def test_ratio() -> None:
    """RP01: below the size, above the ratio; a small file may compress as it likes."""
    assert "200 times" in note_of(attached(zeros(5_000_000)))
    assert len(expand(gzip.compress(b"a" * 100_000))) == 100_000


def test_gzip_members() -> None:
    """RP01: members that expand to little each."""
    assert expand(gzip.compress(b"ab") * 15) == b"ab" * 15
    with pytest.raises(Unreadable, match="members"):
        expand(gzip.compress(b"") * 100_000)


def test_zip_bomb() -> None:
    """RP01: a member that declares little and holds much; the size is counted, not believed."""
    bomb = bytearray(zipped(("a.xml", XML + b" " * 11_000_000)))
    assert "200 times" in note_of(attached(bytes(bomb)))
    directory = bomb.rindex(b"PK\x01\x02")
    bomb[directory + 24 : directory + 28] = (1_000).to_bytes(4, "little")
    assert note_of(attached(bytes(bomb)))


def encrypted() -> bytes:
    """A zip file with the encryption flag set."""
    data = bytearray(zipped(("a.xml", XML)))
    for place in (6, data.rindex(b"PK\x01\x02") + 8):
        data[place] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """A directory with two entries for one member."""
    data = zipped(("a.xml", XML))
    start, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    tail = bytearray(data[end:])
    tail[8:12] = b"\x02\x00\x02\x00"
    tail[12:16] = ((end - start) * 2).to_bytes(4, "little")
    return data[:end] + data[start:end] + bytes(tail)


@pytest.mark.parametrize(
    "data",
    [
        zipped(("a.xml", XML), ("b.xml", XML)),
        zipped(("a.xml", XML), *((f"{number}", b"") for number in range(65_534))),
        overlapping(),
        encrypted(),
        zipped(("a.xml", XML), method=zipfile.ZIP_STORED)[:-30],
        zipped(("a.xml", XML + zipped(("b.xml", XML))), method=zipfile.ZIP_STORED),
        zipped(("a.xml", XML)).replace(b"PK\x05\x06", b"PK\x05\x05"),
        zipped(("a.xml", XML))[:60] + b"\0" * 40 + zipped(("a.xml", XML))[100:],
    ],
    ids=["two", "65535", "overlapping", "encrypted", "cut", "nested", "no directory", "damaged"],
)
def test_hostile_zips(data: bytes) -> None:
    """RP01: exactly one member, readable, within the bounds; everything else is one of our own errors."""
    with pytest.raises(Unreadable):
        expand(data)


def test_unusual_methods() -> None:
    """RP01: methods other than deflate, which are dearer to undo, are not tried."""
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(Unreadable, match="method"):
            expand(zipped(("a.xml", XML), method=method))


def test_peek_does_not_unfold() -> None:
    """Looking at the beginning of a bomb gives what was asked for."""
    bomb = zeros(20_000_000)
    assert peek(bomb, 100) == (XML + b" " * 100)[:100]
    assert len(peek(zipped(("a.xml", b" " * 20_000_000)), 100)) == 100
    assert peek(b"\x1f\x8bbroken", 100) == b""
    assert peek(b"PK\x03\x04" + b"\x08" * 40, 100) == b""


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><feedback>&b;</feedback>', "document type"),
        (b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>', "document type"),
        (b'<!DOCTYPE f [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]><feedback/>', "document type"),
        (b'<!DOCTYPE f SYSTEM "http://127.0.0.1/x"><feedback/>', "document type"),
        (b"<!doctype f><feedback/>", "not well-formed"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE f [<!ENTITY a "a">]><feedback/>'.encode("utf-16"), "document type"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE f+AD4-<feedback/>', "not well-formed|encoding"),
        (b"<feedback>&undefined;</feedback>", "not well-formed"),
        (XML + b"<a>" * 10_000, "levels"),
        (XML + b"<a/>" * 500_001, "XML elements"),
        (XML + b"<record/>" * 50_001, "records"),
    ],
    ids=range(11),
)
def test_xml_bombs(document: bytes, reason: str) -> None:
    """RP02: no document type, so no entities; depth and number of elements are bounded."""
    with pytest.raises(Unreadable, match=reason):
        read_dmarc_aggregate(document)


def test_many_attributes() -> None:
    """RP02: attributes are passed over."""
    attributes = b" ".join(b'a%d="%d"' % (number, number) for number in range(100_000))
    assert len(read_dmarc_aggregate(XML + b"<record " + attributes + b"/></feedback>").records) == 1


def test_long_text_is_cut() -> None:
    """RP03: text of elements is bounded."""
    document = XML.replace(b"<org_name>A", b"<org_name>" + b"A" * 5_000_000) + b"</feedback>"
    assert read_dmarc_aggregate(document).org_name == "A" * 4096


def test_uncompressed_reports_are_bounded() -> None:
    """RP01: a plain file above the bound is not parsed."""
    big = XML + b" " * MAX_EXPANDED_BYTES + b"</feedback>"
    assert "more than 10000000 octets" in note_of(crlf("Content-Type: text/xml\n\n") + big)


@pytest.mark.parametrize(
    "flood", ["A: b\n" * 1_001, "A: b\n" * 100_000, "A:" + " b\n" * 100_000, "Subject: " + "x" * 300_000 + "\n"], ids=range(4)
)
def test_header_floods(flood: str) -> None:
    """HD08: a header above the bounds of the gateway ends classification with a note."""
    assert "eader" in note_of(crlf(flood + "From: MAILER-DAEMON\nContent-Type: multipart/report\n\nx\n"))


def test_addresses_and_words() -> None:
    """HD10: 100,000 addresses in To, 8,000 encoded words in Subject, and a text of nothing but halves of addresses."""
    head = "From: MAILER-DAEMON@x\nTo: " + "a@b.example, " * 10_000 + "\n"
    for message in (
        head + "Subject: Undelivered mail\n\nx\n",
        "From: MAILER-DAEMON@x\nSubject: " + "=?utf-8?q?a?= " * 8_000 + "\n\nUndelivered\n",
        "From: MAILER-DAEMON@x\nSubject: Undelivered mail\n\n" + "a@" * 500_000 + "\n",
        "From: MAILER-DAEMON@x\nSubject: Undelivered mail\nContent-Type: text/html\n\n" + "<" * 200_000 + "\n",
    ):
        assert not getattr(classify(crlf(message)), "recipients", ())


def test_damaged_archives_are_one_error() -> None:
    """RP01: every octet of a zip file damaged in turn gives content or our own error, nothing else."""
    data = zipped(("a.xml", XML))
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        with suppress(Unreadable):
            expand(bytes(damaged))
