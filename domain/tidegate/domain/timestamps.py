"""The two spellings of a moment that leave the gateway: RFC 5322 in trace fields, ``YYYY-MM-DD HH:MM:SS`` in documents. Both in UTC.

Cut from ``datetime.ctime``, which is fixed-width, independent of the locale and a fraction of the cost of ``strftime``:
``Mon Nov  6 10:00:00 2026``.
"""

from datetime import UTC, datetime
from functools import lru_cache

_MONTH_NUMBERS = {
    name: f"{number:02}"
    for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1)
}


@lru_cache(maxsize=8)  # many messages have the same second
def rfc5322_date(moment: datetime) -> str:
    """``Fri, 06 Nov 2026 10:00:00 +0000`` (RFC 5322 section 3.3).

    Raises:
        ValueError: ``moment`` is naive.
    """
    text = _in_utc(moment).ctime()
    return f"{text[:3]}, {text[8:10].replace(' ', '0')} {text[4:7]} {text[20:]} {text[11:19]} +0000"


@lru_cache(maxsize=8)
def document_time(moment: datetime) -> str:
    """``2026-11-06 10:00:00``: the form of every time in a document.

    Raises:
        ValueError: ``moment`` is naive.
    """
    text = _in_utc(moment).ctime()
    return f"{text[20:]}-{_MONTH_NUMBERS[text[4:7]]}-{text[8:10].replace(' ', '0')} {text[11:19]}"


def _in_utc(moment: datetime) -> datetime:
    zone = moment.tzinfo
    if zone is UTC:
        return moment
    if zone is None or moment.utcoffset() is None:
        # astimezone would take the machine's own zone, silently.
        raise ValueError("a naive datetime names no moment: pass an aware one")
    return moment.astimezone(UTC)
