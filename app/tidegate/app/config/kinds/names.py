"""Names of queues, exchanges, users and instances, log destinations and ciphers."""

import re
from pathlib import Path
from urllib.parse import quote

from tidegate.app.config.kinds.kind import Kind
from tidegate.app.config.kinds.scalars import PATH
from tidegate.app.config.problems import quoted
from tidegate.app.config.values import LogStream
from tidegate.domain.spamc import is_user

MAX_NAME_BYTES = 255
"""A short string of AMQP 0-9-1; a file name of Linux, which the embedded queue makes of a queue name by percent-encoding it."""

_user = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?").fullmatch
_server_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,31}").fullmatch


def _parse_exchange(text: str) -> str:
    if len(text.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"the name is longer than {MAX_NAME_BYTES} bytes")
    return text


def _parse_queue(text: str) -> str:
    if text.startswith("amq."):
        raise ValueError(f"{quoted(text)} begins with amq., which the broker keeps for itself")
    if len(quote(text, safe="")) > MAX_NAME_BYTES:
        raise ValueError(f"the name has more than {MAX_NAME_BYTES} bytes when percent-encoded, as the embedded queue names its folders")
    return text


QUEUE = Kind(
    "queue name",
    f"a name of at most {MAX_NAME_BYTES} bytes (percent-encoded) that does not begin with amq.",
    _parse_queue,
    takes_empty=True,
)
EXCHANGE = Kind("exchange name", f"a name of at most {MAX_NAME_BYTES} bytes; empty for the default exchange", _parse_exchange, takes_empty=True)


def _parse_user(text: str) -> str:
    if not _user(text):
        raise ValueError(f"{quoted(text)} is not a user name")
    return text


USER = Kind("user name", "the name of a system account, like mail", _parse_user)


def _parse_spamd_user(text: str) -> str:
    if text and not is_user(text):
        raise ValueError(f"{quoted(text)} is not a user name")
    return text


SPAMD_USER = Kind("spamd user", "a user name of letters, digits and . _ @ + -; empty for none", _parse_spamd_user, takes_empty=True)


def _parse_server_id(text: str) -> str:
    if not _server_id(text):
        raise ValueError(f"{quoted(text)} is not an instance name")
    return text


SERVER_ID = Kind("instance name", "1 to 32 letters, digits, dots and hyphens, like 1 or mx-a", _parse_server_id)


def _parse_destinations(text: str) -> tuple[LogStream | Path, ...]:
    destinations: list[LogStream | Path] = []
    for item in map(str.strip, text.split(",")):
        if not item:
            raise ValueError("an item is empty: a comma too many")
        destination = LogStream(item) if item in set(LogStream) else Path(str(PATH.parse(item)))
        if destination in destinations:
            raise ValueError(f"{quoted(item)} is named twice")
        destinations.append(destination)
    return tuple(destinations)


LOG_DESTINATIONS = Kind(
    "log destinations",
    "stderr, syslog and paths of files, separated by commas, like syslog,/var/log/tidegate/tidegate.log",
    _parse_destinations,
)


def _parse_ciphers(text: str) -> str:
    import ssl  # 14 ms that only those pay who set ciphers

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(text)
    except ssl.SSLError:
        raise ValueError(f"OpenSSL finds no cipher in {quoted(text)}") from None
    return text


CIPHERS = Kind("cipher list", "an OpenSSL cipher string, like ECDHE+AESGCM:ECDHE+CHACHA20", _parse_ciphers)
