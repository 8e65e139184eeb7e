"""What a JSON document is made of (RFC 8259), as Python values, and its encoding."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
"""Numbers are finite and integers within ±2**53, so that every reader gets the same number (RFC 8259 section 6)."""

JsonObject: TypeAlias = Mapping[str, JsonValue]

Dumps = Callable[[object], bytes]
"""Encodes a JSON value as compact UTF-8 JSON text: no white space between tokens, an object starts with ``{`` and ends with ``}``."""


def plain(value: object) -> object:
    """Any mapping as a dict, any other sequence as a list: what encoders call for a value they do not know.

    Raises:
        TypeError: the value has no JSON form.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain)


def stdlib_dumps(value: object) -> bytes:
    """The encoder of the standard library, for whoever has no faster one.

    Raises:
        TypeError: the value has no JSON form.
        ValueError: a number is not finite, or a string holds a surrogate.
    """
    return _ENCODER.encode(value).encode()
