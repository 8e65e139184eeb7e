"""One record is one line of printable ASCII, whatever is in it."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.app.logs.json_lines import MAX_FIELD, MAX_ITEMS, MAX_RECORD, MAX_TRACEBACK, JsonLines


def line_of(message: str = "it happened", server: str | None = None, **fields: object) -> str:
    """The line of a record with these fields."""
    record = logging.makeLogRecord({"name": "tidegate.test", "levelname": "INFO", "levelno": 20, "msg": message, "created": 1.5} | fields)
    return JsonLines(server).format(record)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"remote_ip": "192.0.2.1", "count": 3, "ratio": 0.5, "secure": True, "user": None}, None),
        ({"ports": [25, 465]}, None),
        ({"ports": (25, "x")}, {"ports": [25, "x"]}),
        ({"counts": {"in": 1, 2: "out"}}, {"counts": {"in": 1, "2": "out"}}),
        ({"path": ValueError("odd")}, {"path": "odd"}),
    ],
)
def test_fields(fields: dict[str, object], expected: dict[str, object] | None) -> None:
    """Numbers, truth values and nothing stay what they are; the rest becomes text."""
    record = json.loads(line_of("it happened", None, **fields))
    head = {"time": "1970-01-01T00:00:01.500+00:00", "level": "info", "logger": "tidegate.test", "message": "it happened"}
    assert record == head | (fields if expected is None else expected)


def test_server_id() -> None:
    """Each line says which instance wrote it."""
    assert json.loads(line_of(server="mx1"))["server"] == "mx1"


@given(st.text(), st.text(), st.dictionaries(st.text(max_size=5), st.text()))
def test_one_line_of_ascii(message: str, value: str, several: dict[str, str]) -> None:
    """LG01: no client ends a line, or moves a terminal's cursor."""
    line = line_of(message.replace("%", "%%"), value=value, several=several)
    assert all(" " <= character <= "~" for character in line)
    assert json.loads(line)["logger"] == "tidegate.test"


@given(st.integers(0, 100_000), st.integers(0, 200))
def test_length_is_bounded(length: int, items: int) -> None:
    """LG02: no client fills a disk with one record."""
    line = line_of("\x00" * length, one="\U0001f600" * length, many=["x" * length] * items, table={str(n): "y" * length for n in range(items)})
    assert len(line) <= MAX_RECORD + MAX_TRACEBACK
    json.loads(line)


def test_what_is_cut_says_so() -> None:
    """LG02: the length of the whole stands behind it."""
    record = json.loads(line_of(value="x" * (MAX_FIELD + 1), many=list(range(MAX_ITEMS + 5))))
    assert record["value"] == "x" * MAX_FIELD + f"…({MAX_FIELD + 1})"
    assert len(record["many"]) == MAX_ITEMS


def test_exceptions() -> None:
    """The end of a long traceback is what tells most."""
    try:
        raise ValueError("x" * 10_000 + "the end")
    except ValueError:
        record = json.loads(line_of(exc_info=sys.exc_info()))
    assert record["exception"].endswith("the end\n")
    assert len(record["exception"]) == MAX_TRACEBACK
