"""Asking a spam scanner about a message."""

import logging

from tidegate.domain.checks.verdict import SpamClass, SpamResult
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.spam_scanner import Handover, SpamScanner

_log = logging.getLogger("tidegate.checks")


async def scan(scanner: SpamScanner, message: bytes, received: bytes, handover: Handover | None) -> SpamResult:
    """The finding on one message.

    Scanners get it with our trace fields on top, from which they learn who sent it: Return-Path (RFC 5321 section 4.4) and Received.

    Args:
        scanner: who judges.
        message: as received.
        received: our Received field, or nothing.
        handover: how it came, where that is known.
    """
    head = received if handover is None else return_path(handover.sender) + received
    # What is too large is not copied first.
    if len(head) + len(message) > scanner.max_message_bytes:
        return _too_large(scanner)
    try:
        found = await scanner.scan(head + message, handover)
    except PermanentFailure as failure:
        _log.info("message not scanned for spam", extra={"reason": str(failure)})
        return _too_large(scanner)
    except TemporaryFailure as failure:
        # Which hosts stand behind is for our own log only.
        _log.warning("spam scanner", extra={"reason": str(failure)})
        return SpamResult(SpamClass.TEMPERROR, reason="no answer from the spam scanner")
    return SpamResult(SpamClass.SPAM if found.spam else SpamClass.HAM, found.score, found.threshold, found.symbols, found.rules)


def _too_large(scanner: SpamScanner) -> SpamResult:
    return SpamResult(SpamClass.NONE, reason=f"larger than {scanner.max_message_bytes} bytes, not scanned")


def return_path(sender: str) -> bytes:
    """The field with its CRLF; nothing for a sender that could write another field with it."""
    return f"Return-Path: <{sender}>\r\n".encode() if sender.isprintable() else b""
