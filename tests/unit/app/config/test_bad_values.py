"""Every key with every kind of bad value."""

import pytest
from tests.unit.app.config.reading import loaded, problems

from tidegate.app.config import ConfigErrors
from tidegate.app.config.table.key import Key
from tidegate.app.config.table.keys import KEYS

BAD_VALUES = [
    "",
    " ",
    "0",
    "-1",
    "1e9",
    "0x10",
    "９",
    "99999999999999999999999999",
    "nan",
    "inf",
    "true;false",
    ";",
    ",",
    ",,",
    "-",
    "::",
    "://",
    "amqp://",
    "hardcoded://",
    "hardcoded://a",
    "exec://",
    "%",
    "%zz",
    "%s%n{}{0}{$}",
    "../../etc/passwd",
    "~root",
    "10.0.0.0/8;",
    "10.0.0.1/8",
    "10.0.0.0/-1",
    "25-24",
    "1-65535",
    "65536",
    "a b",
    "#",
    "\x00",
    "\x1b[31m",
    "\r\nsmtp-range: 0.0.0.0/0",
    "\ud800",
    "\u202e",
    "ä" * 200,
    "x" * 100_000,
    "1," * 10_000,
    "[::1",
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_bad_values(key: Key) -> None:
    """OP01: settings or errors that name the key and say what is wrong in printable text of bounded length, never another exception."""
    for value in BAD_VALUES:
        for argv, environ in (([f"--{key.name}={value}"], {}), ([], {f"TIDEGATE_{key.name.upper().replace('-', '_')}": value})):
            for error in problems(*argv, environ=environ):
                assert key.name in error
                assert len(error) < 1000
                assert all(line.isprintable() for line in error.splitlines())


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_control_characters_are_always_refused(key: Key) -> None:
    """No value carries a line end or an escape sequence to a log, a reply or a terminal."""
    for value in ("a\r\nb", "\x1b[2J", "a\x00", "a\x7f"):
        with pytest.raises(ConfigErrors):
            loaded(f"--{key.name}={value}")
