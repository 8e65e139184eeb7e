"""Reports in files: messages as programs save them, and bare report files as people download them."""

import re

from tidegate.domain.reports.archive import is_archive
from tidegate.domain.reports.classify import Report, classify, read_payload
from tidegate.domain.reports.outcome import NotAReport

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BOM = b"\xef\xbb\xbf"


def classify_file(data: bytes) -> Report | NotAReport:
    """Recognise and read the report in a file.

    A file is a message, whose lines may end in LF and which may begin with a mbox ``From `` line; or the XML or JSON of a DMARC aggregate or
    TLS report, plain, gzip or zip.
    """
    start = data[:64].removeprefix(_BOM).lstrip()[:1]
    if start in (b"<", b"{") or is_archive(data) or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return read_payload(data)
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    return classify(_BARE_LF.sub(b"\r\n", data))
