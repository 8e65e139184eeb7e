"""Numbers, sizes, durations, booleans, words, text and paths."""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tidegate.app.config.kinds.kind import Hash, Kind
from tidegate.app.config.problems import quoted

_Number = TypeVar("_Number", int, float)

KIB = 1024
MIB = 1024**2
GIB = 1024**3
TIB = 1024**4

_UNITS = {"": 1, "b": 1, "k": KIB, "m": MIB, "g": GIB, "t": TIB}
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

_MAX_DIGITS = 18
"""More digits than any number here needs; keeps conversion of endless digits cheap."""

_number = re.compile(rf"[0-9]{{1,{_MAX_DIGITS}}}").fullmatch
_size = re.compile(rf"([0-9]{{1,{_MAX_DIGITS}}}) ?(?:(b)|([kmgt])(?:i?b)?)?", re.IGNORECASE).fullmatch
_duration = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|d)?", re.IGNORECASE).fullmatch


def number(minimum: int, maximum: int, example: int, what: str = "number") -> Kind:
    """A whole number within bounds, as int."""

    def parse(text: str) -> int:
        if not _number(text):
            raise ValueError(f"{quoted(text)} is not a whole number")
        return _within(int(text), minimum, maximum, text, str)

    return Kind(what, f"a whole number from {minimum} to {maximum}, like {example}", parse)


def size(minimum: int, maximum: int, example: str) -> Kind:
    """A number of bytes, as int. Units are powers of 1024: of the two readings of MB the one that refuses less mail."""

    def parse(text: str) -> int:
        match = _size(text)
        if not match:
            raise ValueError(f"{quoted(text)} is not a size")
        return _within(int(match[1]) * _UNITS[(match[2] or match[3] or "").lower()], minimum, maximum, text, show_size)

    allowed = f"a whole number of bytes, or with a unit KB, MB, GB or TB (1 KB = 1024 bytes), from {show_size(minimum)} to {show_size(maximum)}"
    return Kind("size", f"{allowed}, like {example}", parse)


def duration(minimum: float, maximum: float, example: str) -> Kind:
    """A span of time, as timedelta; a number without unit is seconds."""

    def parse(text: str) -> timedelta:
        match = _duration(text)
        if not match:
            raise ValueError(f"{quoted(text)} is not a duration")
        seconds = float(match[1]) * _SECONDS[(match[2] or "").lower()]
        return timedelta(seconds=_within(seconds, minimum, maximum, text, show_seconds))

    allowed = f"seconds, or a number with a unit ms, s, m, h or d, from {show_seconds(minimum)} to {show_seconds(maximum)}"
    return Kind("duration", f"{allowed}, like {example}", parse)


def _parse_boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(f"{quoted(text)} is neither true nor false") from None


BOOLEAN = Kind("boolean", "true or false (also yes and no, on and off, 1 and 0)", _parse_boolean)


def word(words: type[StrEnum]) -> Kind:
    """One of the values of an enumeration."""
    names = [item.value for item in words]

    def parse(text: str) -> StrEnum:
        try:
            return words(text.lower())
        except ValueError:
            raise ValueError(f"{quoted(text)} cannot stand here") from None

    return Kind("word", " or ".join(names), parse)


def words(items: type[StrEnum]) -> Kind:
    """A set of values of an enumeration, separated by commas, as frozenset; empty text is the empty set."""

    def parse(text: str) -> frozenset[StrEnum]:
        found = set()
        for item in text.split(",") if text else ():
            try:
                found.add(items(item.strip().lower()))
            except ValueError:
                raise ValueError(
                    f"{quoted(item.strip())} cannot stand here" if item.strip() else "an item is empty: a comma too many"
                ) from None
        return frozenset(found)

    return Kind(
        "list of words", f"any of {', '.join(item.value for item in items)}, separated by commas; empty for none", parse, takes_empty=True
    )


def text(what: str, allowed: str) -> Kind:
    """Any printable text, as str."""
    return Kind(what, allowed, str, takes_empty=True, after_space=Hash.LITERAL)


def _parse_path(text: str) -> Path:
    if text.startswith("~"):
        raise ValueError(f"{quoted(text)} begins with ~, which only a shell expands: write the whole path")
    return Path(text)


PATH = Kind("path", "a path; a relative one starts at the working directory", _parse_path)


def show_size(count: int) -> str:
    """A number of bytes in the largest unit that divides it: ``100 MB``."""
    for unit, name in ((TIB, "TB"), (GIB, "GB"), (MIB, "MB"), (KIB, "KB")):
        if count and count % unit == 0:
            return f"{count // unit}{name}"
    return f"{count} byte{'' if count == 1 else 's'}"


def show_seconds(seconds: float) -> str:
    """Seconds in the largest unit that divides them: ``5m``."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % unit == 0:
            return f"{int(seconds // unit)}{name}"
    return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else f"{seconds:.10g}s"


def _within(value: _Number, minimum: _Number, maximum: _Number, text: str, show: Callable[[_Number], str]) -> _Number:
    if value < minimum:
        raise ValueError(f"{quoted(text)} is less than {show(minimum)}")
    if value > maximum:
        raise ValueError(f"{quoted(text)} is more than {show(maximum)}")
    return value
