"""Content-Transfer-Encoding undone (RFC 2045 section 6), leniently and in linear time."""

import binascii


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Return ``body`` decoded. An unknown encoding and broken base64 leave what can be had: never raises.

    Args:
        body: encoded octets.
        encoding: the value of the field in lower case.
    """
    if encoding.startswith("base64"):
        return _base64(body)
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    return body


def _base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        pass
    # Cut off in the middle of a group, or padding is missing: decode what is whole.
    significant = body.translate(None, b"\r\n\t ").rstrip(b"=")
    try:
        return binascii.a2b_base64(significant[: len(significant) // 4 * 4])
    except binascii.Error:
        return b""
