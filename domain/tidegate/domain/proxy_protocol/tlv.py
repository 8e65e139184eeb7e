"""Extensions of version 2 (proxy-protocol.txt sections 2.2.1 to 2.2.8): type, two bytes of length, value.

The checksum is verified, the TLS facts are read, every other type is skipped whatever its value is: nothing of it is ever used.
"""

import re
from collections.abc import Iterator

import attrs

from tidegate.domain.connection import Tls
from tidegate.domain.crc32c import crc32c
from tidegate.domain.proxy_protocol.header import Rejected

_HEAD_BYTES = 3  # type and length
_CRC32C, _SSL, _SSL_VERSION, _SSL_CIPHER = 0x03, 0x20, 0x21, 0x23
_CRC32C_BYTES = 4
_SSL_FIXED_BYTES = 5  # client flags, verification result
_CLIENT_SSL = 0x01  # PP2_CLIENT_SSL: the client connected over TLS

# "TLSv1.3", "TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256": other characters, or more of them, are no name of OpenSSL's.
_is_tls_name = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch


@attrs.frozen
class _Tlv:
    type: int
    start: int  # of the value, in the header
    value: bytes


def parse(header: bytes, start: int) -> Tls | Rejected | None:
    """Verify the extensions of a complete header, which begin at ``start`` and end with it; give the facts about TLS when there are any."""
    tls = None
    checked = False
    for item in _walk(header, start):
        if item is None:
            return Rejected("PROXY header with an extension that ends beyond it")
        if item.type == _CRC32C:
            if checked or len(item.value) != _CRC32C_BYTES:
                return Rejected("PROXY header with a checksum of the wrong length, or two")
            zeroed = header[: item.start] + bytes(_CRC32C_BYTES) + header[item.start + _CRC32C_BYTES :]
            if crc32c(zeroed) != int.from_bytes(item.value):
                # "the receiver MUST abort the connection" (section 2.2.3)
                return Rejected("PROXY header with a wrong checksum")
            checked = True
        elif item.type == _SSL:
            facts = _parse_ssl(item.value)
            if isinstance(facts, Rejected):
                return facts
            tls = facts
    return tls


def _walk(block: bytes, start: int) -> Iterator[_Tlv | None]:
    """Each extension; None, and the end, where one is not complete."""
    while start < len(block):
        value = start + _HEAD_BYTES
        end = value + int.from_bytes(block[start + 1 : value])
        if value > len(block) or end > len(block):
            yield None
            return
        yield _Tlv(block[start], value, block[value:end])
        start = end


def _parse_ssl(value: bytes) -> Tls | Rejected | None:
    """Facts about the client's TLS (section 2.2.6), None when it used none or they are not told in a usable way."""
    if len(value) < _SSL_FIXED_BYTES:
        return Rejected("PROXY header with a truncated TLS extension")
    names: dict[int, str] = {}
    for item in _walk(value, _SSL_FIXED_BYTES):
        if item is None:
            return Rejected("PROXY header with a truncated TLS extension")
        if item.type in (_SSL_VERSION, _SSL_CIPHER) and _is_tls_name(item.value):
            names[item.type] = item.value.decode("ascii")
    if not value[0] & _CLIENT_SSL or _SSL_VERSION not in names:
        return None
    return Tls(names[_SSL_VERSION], names.get(_SSL_CIPHER, ""))
