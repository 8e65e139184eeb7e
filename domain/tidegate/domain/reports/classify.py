"""Which kind of report a message is, and its content.

Three steps, each dearer than the one before and each ending nearly all messages that are none: the header alone (microseconds), the MIME parts
and the first octets of attachments, the report itself. What is in a message inside the message does not count.
"""

from collections.abc import Iterable, Iterator

import attrs

from tidegate.domain.headers import HeaderProblem, inspect
from tidegate.domain.reports.archive import expand, is_archive, peek
from tidegate.domain.reports.bounces.bounce import Bounce
from tidegate.domain.reports.bounces.evidence import Evidence, read_evidence
from tidegate.domain.reports.bounces.extract import ADDRESS
from tidegate.domain.reports.bounces.notice import read_notice
from tidegate.domain.reports.bounces.read import read_bounce
from tidegate.domain.reports.content_type import ContentType, read_content_type
from tidegate.domain.reports.delivery_status import STATUS_TYPES, DeliveryStatus, read_delivery_status
from tidegate.domain.reports.disposition_notification import DISPOSITION_TYPES, DispositionNotification, read_disposition_notification
from tidegate.domain.reports.dmarc_aggregate import DmarcAggregate, looks_like_aggregate, read_dmarc_aggregate
from tidegate.domain.reports.feedback import FEEDBACK_TYPE, FeedbackReport, read_feedback
from tidegate.domain.reports.header import Header
from tidegate.domain.reports.limits import INLINE_BYTES, MAX_EXPANDED_BYTES
from tidegate.domain.reports.mime import Part, leaves, whole
from tidegate.domain.reports.original import RETURNED_TYPES, OriginalMessage, read_original
from tidegate.domain.reports.outcome import ORDINARY, NotAReport, ReportType, Unreadable
from tidegate.domain.reports.tls_rpt import TLS_TYPES, TlsReport, looks_like_tls_report, read_tls_report

Report = DeliveryStatus | DispositionNotification | FeedbackReport | DmarcAggregate | TlsReport | Bounce
"""A report of any type; ``type`` tells which."""

_FIELD_TYPES = {
    **dict.fromkeys(STATUS_TYPES, ReportType.DELIVERY_STATUS),
    **dict.fromkeys(DISPOSITION_TYPES, ReportType.DISPOSITION_NOTIFICATION),
    **dict.fromkeys(TLS_TYPES, ReportType.TLS_RPT),
    FEEDBACK_TYPE: ReportType.FEEDBACK_REPORT,
}
"""Media types that declare a report."""

# Multiparts that hold one text in several forms: no report is in them, unless the header says that a mail system wrote it.
_ONE_TEXT = frozenset({"multipart/alternative", "multipart/related", "multipart/signed", "multipart/encrypted"})
# What is never a file of a report, by the first half of the media type.
_NO_FILE = frozenset({"image", "audio", "video", "font", "model", "multipart", "message"})
_FILE_NAMES = (".xml", ".gz", ".gzip", ".zip", ".json")
_PEEK = 4_096  # encoded octets of a file that are looked at; its beginning inflates to several times that


@attrs.frozen(eq=False)
class _Head:
    """What the header alone says."""

    header: Header
    content_type: ContentType
    body_start: int
    evidence: Evidence


@attrs.frozen(eq=False)
class Located:
    """A report that was found, and is not read yet.

    Attributes:
        type: what it claims to be.
        heavy: it is large, or expands to something large: reading it may take many milliseconds.
    """

    type: ReportType
    heavy: bool
    _machine: tuple[Part, ...]
    _original: Part | None
    _head: _Head
    _parts: tuple[Part, ...] = ()

    def read(self) -> Report | NotAReport:
        """Parse the report. Never raises."""
        try:
            return self._read() or ORDINARY
        except Unreadable as problem:
            return NotAReport(f"{self.type}: {problem.args[0]}")

    def _read(self) -> Report | None:
        if not self._machine:
            notice = read_notice(self._parts)
            return read_bounce(notice, self._head.evidence, _addresses(self._head.header))
        return _read_parts(self.type, self._machine, read_original(self._original) if self._original is not None else None)


def may_be_report(data: bytes) -> bool:
    """Whether :func:`classify` has to look further than the header of ``data``. Takes microseconds, whatever the size of the message."""
    try:
        head = _glance(data)
    except Unreadable:
        return False
    return _worth_a_look(data, head)


def locate(data: bytes) -> Located | NotAReport:
    """Find a report in a message without reading it.

    Args:
        data: the whole message; lines end in CRLF.
    """
    try:
        head = _glance(data)
        if not _worth_a_look(data, head):
            return ORDINARY
        return _find(data, head) or ORDINARY
    except Unreadable as problem:
        return NotAReport(problem.args[0])


def classify(data: bytes) -> Report | NotAReport:
    """Recognise and read the report that a message is.

    Total and linear in the size of the message, up to the bounds of :mod:`tidegate.domain.reports.limits`. Auto-replies (RFC 3834) and ordinary
    mail are no reports. Nothing is verified: whether the reporter is who it says is a matter of the message's authentication.

    Args:
        data: the whole message; lines end in CRLF.
    """
    located = locate(data)
    return located.read() if isinstance(located, Located) else located


def read_payload(data: bytes) -> DmarcAggregate | TlsReport | NotAReport:
    """Read a DMARC aggregate or TLS report that is not in a message: XML or JSON, plain, gzip or zip. Bounds are those of :func:`classify`."""
    try:
        kind = _file_type(peek(data[:_PEEK], _PEEK * 4))
        return _read_file(kind, data) if kind is not None else ORDINARY
    except Unreadable as problem:
        return NotAReport(problem.args[0])


def _glance(data: bytes) -> _Head:
    block = inspect(data)
    if isinstance(block, HeaderProblem):
        raise Unreadable(block.text)
    header = Header(data[: block.end])
    declared = header.get(b"content-type")
    content_type = read_content_type(declared) if declared else ContentType("text/plain")
    return _Head(header, content_type, block.body, read_evidence(header))


def _worth_a_look(data: bytes, head: _Head) -> bool:
    kind = head.content_type.type
    if head.evidence.any or kind in _FIELD_TYPES:
        return True
    if kind.startswith("multipart/"):
        return kind not in _ONE_TEXT
    if kind.startswith("text/") or not kind:
        # An aggregate report in the body.
        return data[head.body_start : head.body_start + 16].lstrip()[:1] in (b"<", b"{") and kind != "text/html"
    return kind.partition("/")[0] not in _NO_FILE


def _find(data: bytes, head: _Head) -> Located | None:
    parts: Iterable[Part] = leaves(whole(data, head.header, head.content_type, head.body_start))
    seen: list[Part] = []
    machine: list[Part] = []
    original: Part | None = None
    found: ReportType | None = None
    heavy = False
    for part in parts:
        seen.append(part)
        kind = _declared(part) or (_by_content(part) if not machine else None)
        if kind is not None and (not machine or (kind is found and kind is ReportType.DELIVERY_STATUS)):
            # Some reporters put each recipient, or their prose, into a delivery-status part of its own.
            found = kind
            machine.append(part)
            heavy = heavy or _is_heavy(part)
        elif original is None and part.content_type.type in RETURNED_TYPES:
            original = part
        if machine and (original is not None or found in (ReportType.DMARC_AGGREGATE, ReportType.TLS_RPT)):
            break
    if found is not None:
        return Located(found, heavy, tuple(machine), original, head)
    if head.evidence.any:
        return Located(ReportType.BOUNCE, len(data) > INLINE_BYTES, (), original, head, tuple(seen))
    return None


def _is_heavy(part: Part) -> bool:
    if part.encoded_size > INLINE_BYTES:
        return True
    body = part.body()
    return is_archive(body) and len(peek(body, INLINE_BYTES + 1)) > INLINE_BYTES


def _declared(part: Part) -> ReportType | None:
    return _FIELD_TYPES.get(part.content_type.type)


def _by_content(part: Part) -> ReportType | None:
    """Tell a report file by its first octets: its media type and its name are often wrong."""
    kind = part.content_type.type
    top = kind.partition("/")[0]
    if top in _NO_FILE:
        return None
    if top == "text" and kind != "text/xml" and not part.filename.lower().endswith(_FILE_NAMES):
        beginning = part.body(64).lstrip()
        if kind == "text/html" or beginning[:1] not in (b"<", b"{"):
            return None
    return _file_type(peek(part.body(_PEEK), _PEEK * 4))


def _file_type(beginning: bytes) -> ReportType | None:
    if looks_like_aggregate(beginning):
        return ReportType.DMARC_AGGREGATE
    if looks_like_tls_report(beginning):
        return ReportType.TLS_RPT
    return None


def _read_parts(kind: ReportType, parts: tuple[Part, ...], original: OriginalMessage | None) -> Report:
    if sum(part.encoded_size for part in parts) > MAX_EXPANDED_BYTES * 2:  # base64 of the largest report that would be read
        raise Unreadable(f"more than {MAX_EXPANDED_BYTES} octets")
    body = b"\n\n".join(part.body() for part in parts)
    match kind:
        case ReportType.DELIVERY_STATUS:
            return read_delivery_status(body, original)
        case ReportType.DISPOSITION_NOTIFICATION:
            return read_disposition_notification(body, original)
        case ReportType.FEEDBACK_REPORT:
            return read_feedback(body, original)
        case _:
            return _read_file(kind, body)


def _read_file(kind: ReportType, data: bytes) -> DmarcAggregate | TlsReport:
    content = expand(data)
    if len(content) > MAX_EXPANDED_BYTES:
        raise Unreadable(f"more than {MAX_EXPANDED_BYTES} octets")
    return read_tls_report(content) if kind is ReportType.TLS_RPT else read_dmarc_aggregate(content)


def _addresses(header: Header) -> frozenset[str]:
    """Return the addresses in lower case that the notice itself came from and went to."""
    return frozenset(address.lower() for address in _in_fields(header))


def _in_fields(header: Header) -> Iterator[str]:
    for name in (b"to", b"from", b"sender", b"delivered-to"):
        yield from ADDRESS.findall(header.get(name) or "")
