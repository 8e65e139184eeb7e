"""JSON of a stranger: nesting counted before it is parsed, no NaN, no endless numbers (RFC 8259 section 9 allows such limits)."""

import json
import re

from tidegate.domain.reports.limits import MAX_JSON_DEPTH
from tidegate.domain.reports.outcome import Unreadable

# A string, closed or running to the end, or a bracket. Possessive and with an optional end quote: nothing is ever looked at twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_MAX_DIGITS = 18  # what fits into 64 bits


def read_object(data: bytes) -> dict[str, object]:
    """Parse ``data`` as one JSON object.

    Values are what ``json`` makes of them, except: numbers with a fraction, an exponent or more than 18 digits are None.

    Raises:
        Unreadable: not JSON, not an object, or nested deeper than MAX_JSON_DEPTH.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.count(b"[") + data.count(b"{") > MAX_JSON_DEPTH:
        _check_depth(data)
    try:
        value: object = json.loads(data.decode("utf-8"), parse_float=_none, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not valid JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("JSON is not an object")
    return value


def _check_depth(data: bytes) -> None:
    depth = 0
    for match in _TOKEN.finditer(data):
        token = data[match.start()]
        if token in b"[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise Unreadable(f"more than {MAX_JSON_DEPTH} levels of JSON")
        elif token in b"]}":
            depth -= 1


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None


def _none(_text: str) -> None:
    return None


def _refuse(text: str) -> None:
    raise ValueError(text)
