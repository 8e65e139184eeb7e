"""Messages that tests build."""

import base64
import io
import zipfile

from tidegate.domain.reports import NotAReport, Report, classify

DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mail.example.org>\nTo: ann@example.com\nSubject: Undelivered mail\n"
XML = b'<?xml version="1.0"?>\n<feedback><report_metadata><org_name>A</org_name></report_metadata><policy_published/>'


def crlf(text: str) -> bytes:
    """The text as it comes over the wire."""
    return text.encode().replace(b"\n", b"\r\n")


def report_of(text: str | bytes) -> Report:
    """The report in a message, which must be one."""
    outcome = classify(crlf(text) if isinstance(text, str) else text)
    assert not isinstance(outcome, NotAReport), outcome
    return outcome


def note_of(message: bytes) -> str:
    """Why a message that looks like a report is none."""
    outcome = classify(message)
    assert isinstance(outcome, NotAReport), outcome
    assert outcome.note is not None
    assert "\n" not in outcome.note
    return outcome.note


def multipart(kind: str, body: str, subtype: str = "report", more: str = "") -> str:
    """A multipart with a text, a machine-readable part of type ``kind``, and more parts."""
    return (
        f'Subject: Report\nContent-Type: multipart/{subtype}; boundary="=_b"\n\n--=_b\nContent-Type: text/plain\n\nSome words.\n'
        f"--=_b\nContent-Type: {kind}\n\n{body}\n{more}--=_b--\n"
    )


def delivery_status(body: str, subtype: str = "report", more: str = "") -> str:
    """A delivery status notification with this machine-readable part."""
    return multipart("message/delivery-status", body, subtype, more)


def attached(content: bytes, kind: str = "application/octet-stream", name: str = "a.bin") -> bytes:
    """A mail with one base64 attachment."""
    head = crlf(
        'Subject: Report\nContent-Type: multipart/mixed; boundary="=_b"\n\n--=_b\nContent-Type: text/plain\n\nSee attachment.\n'
        f'--=_b\nContent-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n\n'
    )
    return head + base64.encodebytes(content).replace(b"\n", b"\r\n") + b"--=_b--\r\n"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()
