"""Compressed reports, opened within bounds (RFC 1952 gzip, zip of one member).

The sizes an archive declares are not believed: output is produced in steps and counted. Names inside an archive are never used as paths.
"""

import io
import zipfile
import zlib

from tidegate.domain.reports.limits import MAX_EXPANDED_BYTES, MAX_RATIO, RATIO_FREE_BYTES
from tidegate.domain.reports.outcome import Unreadable

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_STEP = 65_536
_MAX_MEMBERS = 16  # each leaves a copy of the octets after it


def is_archive(data: bytes) -> bool:
    """Whether ``data`` begins like gzip or zip."""
    return data.startswith((GZIP, ZIP))


def expand(data: bytes) -> bytes:
    """Return what is inside ``data``: the gzip stream's or the zip's only member; ``data`` itself when it is neither.

    Raises:
        Unreadable: broken, encrypted, more than one member, above MAX_EXPANDED_BYTES or MAX_RATIO.
    """
    if data.startswith(GZIP):
        return _gunzip(data)
    if data.startswith(ZIP):
        return _unzip(data)
    return data


def peek(data: bytes, size: int) -> bytes:
    """Return about the first ``size`` octets of what is inside an archive of which ``data`` is the beginning; ``b""`` when unreadable."""
    try:
        if data.startswith(GZIP):
            return zlib.decompressobj(wbits=31).decompress(data, size)
        if data.startswith(ZIP) and len(data) > 30:
            names = int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
            content = data[30 + names :]
            if data[8:10] == b"\x08\x00":
                return zlib.decompressobj(wbits=-15).decompress(content, size)
            return content[:size]
    except zlib.error:
        return b""
    return data[:size]


def _gunzip(data: bytes) -> bytes:
    out = io.BytesIO()
    rest = data
    for _ in range(_MAX_MEMBERS):  # members follow each other (RFC 1952 section 2.2)
        stream = zlib.decompressobj(wbits=31)
        try:
            out.write(stream.decompress(rest, MAX_EXPANDED_BYTES + 1 - out.tell()))
        except zlib.error as error:
            raise Unreadable("broken gzip data") from error
        _check(out.tell(), len(data))
        if not stream.eof:
            raise Unreadable("gzip data ends early")
        rest = stream.unused_data
        if not rest.startswith(GZIP):
            return out.getvalue()
    raise Unreadable(f"more than {_MAX_MEMBERS} gzip members")


def _unzip(data: bytes) -> bytes:
    # Counted before the directory is read: 65,535 entries would be as many objects.
    if data.count(_CENTRAL) != 1:
        raise Unreadable("zip file does not hold exactly one file")
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (member,) = archive.infolist()
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable("zip file uses a compression method other than deflate")
            if member.flag_bits & 0x1:
                raise Unreadable("zip file is encrypted")
            with archive.open(member) as stream:
                while block := stream.read(_STEP):
                    out.write(block)
                    _check(out.tell(), len(data))
    # zipfile raises these for what a broken or hostile file can hold: bad offsets, names, extra fields, CRC, EOF.
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError, OverflowError) as error:
        raise Unreadable("broken zip file") from error
    return out.getvalue()


def _check(expanded: int, compressed: int) -> None:
    if expanded > MAX_EXPANDED_BYTES:
        raise Unreadable(f"more than {MAX_EXPANDED_BYTES} octets after decompression")
    if expanded > RATIO_FREE_BYTES and expanded > compressed * MAX_RATIO:
        raise Unreadable(f"compressed more than {MAX_RATIO} times")
