"""The ``Received`` field that a server puts in front of every message (RFC 5321 section 4.4).

What is written here is read by loop detection, spam filters and people, so nothing a client says may break out of its place: the HELO
argument, host names and addresses are written only where they consist of harmless characters.
"""

import re
from datetime import datetime

from tidegate.domain.connection import Client
from tidegate.domain.envelope import Envelope
from tidegate.domain.timestamps import rfc5322_date

UNSAFE = "[unsafe]"
"""Stands for a name with characters that have a meaning in a structured field; the real one is in the document."""

LEADING_LINE = b"X-Leading-Line:\r\n"
"""Stands between our fields and a message that starts with white space. Without it that line would continue our last field (RFC 5322 section
2.2.3), and a client could write into it."""

_PREFERRED_LINE = 78
"""RFC 5322 section 2.1.1. Names may be as long as 255, so a line stays below the hard limit of 998 in any case."""

_NAME = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}").fullmatch
# A mailbox in which nothing can end the address, start a comment or a quoted string.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@\[\]:-]{1,320}").fullmatch
# The same with non-ASCII characters, which may take four bytes each: 800 bytes stay within the hard limit of a line.
_PLAIN_UTF8_ADDRESS = re.compile(r"(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@\[\]:-]|[^\x00-\x7f]){1,200}").fullmatch


def trace_fields(client: Client, envelope: Envelope, hostname: str, transaction_id: str, received: datetime, message: bytes) -> bytes:
    """What goes in front of ``message``: :func:`received_field`, and :data:`LEADING_LINE` where the message starts with white space."""
    return ahead_of(message, received_field(client, envelope, hostname, transaction_id, received))


def ahead_of(message: bytes, fields: bytes) -> bytes:
    """``fields`` as they may stand in front of ``message``: with :data:`LEADING_LINE` where the message starts with white space."""
    return fields + LEADING_LINE if message.startswith((b" ", b"\t")) else fields


def received_field(client: Client, envelope: Envelope, hostname: str, transaction_id: str, received: datetime) -> bytes:
    """The whole field, with its CRLF, folded.

    The clause ``for`` is written for a single recipient only, so that no recipient, refused or not, learns of another, and only when the
    address can be told without quoting; one outside ASCII needs SMTPUTF8 (RFC 6531 section 3.7.3).

    Args:
        client: where the message came from.
        envelope: sender and recipients.
        hostname: the name under which it was received.
        transaction_id: what documents and logs call this transaction; an atom (RFC 5322 section 3.2.3).
        received: an aware moment.

    Raises:
        ValueError: ``received`` is naive.
    """
    by = f"by {_safe_name(hostname)} with {protocol(client, smtputf8=envelope.smtputf8)}"
    tls = client.tls
    if tls is not None:
        by = _fold(by, f"({_safe_name(tls.version)} {_safe_name(tls.cipher)})")
    identified = f"id {transaction_id}"
    if len(envelope.recipients) == 1 and not envelope.refused:
        address = envelope.recipients[0].address
        if _PLAIN_ADDRESS(address) or (envelope.smtputf8 and address.isprintable() and _PLAIN_UTF8_ADDRESS(address)):
            identified = _fold(identified, f"for <{address}>")
    origin = _fold(f"Received: from {_safe_name(client.helo)}", f"({address_literal(client.endpoints.remote_ip)})")
    return f"{origin}\r\n\t{by}\r\n\t{identified};\r\n\t{rfc5322_date(received)}\r\n".encode()


def protocol(client: Client, *, smtputf8: bool) -> str:
    """The word of the ``with`` clause (RFC 3848, RFC 6531 section 4.3). HELO is plain SMTP: its sessions have no extensions to speak of."""
    if not client.esmtp:
        return "SMTP"
    base = "UTF8SMTP" if smtputf8 else "ESMTP"
    return f"{base}{'S' if client.tls is not None else ''}{'A' if client.user is not None else ''}"


def address_literal(ip: str) -> str:
    """``[192.0.2.1]`` or ``[IPv6:2001:db8::1]`` (RFC 5321 section 4.1.3); the zone of a link-local address is left out."""
    return f"[IPv6:{ip.partition('%')[0]}]" if ":" in ip else f"[{ip}]"


def _safe_name(name: str) -> str:
    return name if _NAME(name) else UNSAFE


def _fold(line: str, clause: str) -> str:
    """The clause on the same line where it fits (one more place for a semicolon), else on the next."""
    return f"{line} {clause}" if len(line) + len(clause) + 3 <= _PREFERRED_LINE else f"{line}\r\n\t{clause}"
