"""Addresses that may hold passwords. No message quotes any part of them."""

import re
from urllib.parse import unquote

from tidegate.app.config.kinds.kind import Hash, Kind
from tidegate.app.config.kinds.network import parse_host, parse_port
from tidegate.app.config.problems import quoted
from tidegate.app.config.values import AMQP_PORT, AMQPS_PORT, AmqpAddress, Secret
from tidegate.domain.ip_address import parse as parse_address

MASK = "***"

_AMQP = {"amqp": (False, AMQP_PORT), "amqps": (True, AMQPS_PORT)}
_TLS_FILES = ("cacertfile", "certfile", "keyfile")
_MAX_VHOST_BYTES = 255
"""A short string of AMQP 0-9-1."""

_bad_escape = re.compile(r"%(?![0-9A-Fa-f]{2})").search
_query_secret = re.compile(r"(?<=[?&])([^=&]*(?:pass|pw|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)


def decoded(text: str, what: str) -> str:
    """The text without its percent escapes; ``what`` names it in errors."""
    if _bad_escape(text):
        raise ValueError(f"a percent sign in the {what} does not begin an escape: write %25")
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"the escapes in the {what} are not UTF-8") from None
    if not decoded.isprintable():
        raise ValueError(f"the {what} holds a character that is not printable")
    return decoded


def parse_place(text: str, default_port: int) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port`` or ``[2001:db8::1]:port``."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", text)
    if not match:
        raise ValueError("the host cannot be read: an IPv6 address stands in brackets")
    try:
        host = str(parse_address(match[1][1:-1])) if match[1].startswith("[") else parse_host(match[1])
        return host, parse_port(match[2]) if match[2] is not None else default_port
    except ValueError:
        raise ValueError("the host is not a name or address, or the port is not from 1 to 65535") from None


def _parse_amqp_address(text: str) -> AmqpAddress:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in _AMQP:
        raise ValueError("does not begin with amqp:// or amqps://")
    tls, port = _AMQP[scheme.lower()]
    login, at, place = rest.rpartition("@")
    host_port, _, path = place.partition("/")
    if "?" in host_port:
        raise ValueError("a ? stands before the virtual host: write /?")
    if "/" in login:
        raise ValueError("a slash before the @: write %2F in a user name or password")
    path, _, query = path.partition("?")
    if "#" in path or "/" in path.strip("/"):
        raise ValueError("a special character stands in the virtual host: write %2F or %23")
    username, password = "guest", "guest"
    if at:
        username, _, password = login.partition(":")
        username, password = decoded(username, "user name"), decoded(password, "password")
        if not username:
            raise ValueError("the user name is empty")
    host, port = parse_place(host_port, port)
    vhost = decoded(path, "virtual host") or "/"
    if len(vhost.encode()) > _MAX_VHOST_BYTES:
        raise ValueError(f"the virtual host has more than {_MAX_VHOST_BYTES} bytes")
    if vhost in (".", ".."):
        raise ValueError("the virtual host . or .. cannot be written in a URL: its reader would resolve it")
    return AmqpAddress(tls, host, port, username, password, vhost, _tls_files(query, tls=tls))


def _tls_files(query: str, *, tls: bool) -> tuple[tuple[str, str], ...]:
    files: dict[str, str] = {}
    for parameter in query.split("&") if query else ():
        name, _, path = parameter.partition("=")
        if name not in _TLS_FILES or name in files or not path:
            raise ValueError(f"a parameter after the ? is not one of {', '.join(_TLS_FILES)}, given once with a path")
        files[name] = decoded(path, "path of a file")
    if files and not tls:
        raise ValueError("files for TLS need amqps://")
    return tuple(files.items())


def _parse_amqp(text: str) -> tuple[AmqpAddress, ...]:
    addresses: list[AmqpAddress] = []
    for position, item in enumerate(text.split(",") if text else (), start=1):
        try:
            addresses.append(_parse_amqp_address(item.strip()))
        except ValueError as error:
            raise ValueError(f"address {position}: {error}") from None
    return tuple(addresses)


def _show_amqp(value: object) -> str:
    assert isinstance(value, tuple)
    return ",".join(map(str, value))


AMQP = Kind(
    "broker addresses",
    "amqp://user:password@host:port/vhost or amqps://…, several separated by commas; @ / , and % in a password are written %40 %2F %2C %25",
    _parse_amqp,
    takes_empty=True,
    redact=_show_amqp,
    after_space=Hash.REFUSED,
)


def secret_url(schemes: tuple[str, ...]) -> Kind:
    """A URL with one of the schemes, kept as :class:`Secret`; empty text is None."""

    def parse(text: str) -> Secret | None:
        if not text:
            return None
        scheme, separator, rest = text.partition("://")
        if not separator or scheme.lower() not in schemes:
            raise ValueError(f"does not begin with {either(schemes)}")
        if not rest:
            raise ValueError(f"ends after {scheme.lower()}://")
        return Secret(text)

    return Kind(
        "URL",
        f"a URL beginning with {either(schemes)}; empty for none",
        parse,
        takes_empty=True,
        redact=_show_secret,
        after_space=Hash.REFUSED,
    )


def _show_secret(value: object) -> str:
    return redacted(value.reveal()) if isinstance(value, Secret) else ""


def redacted(url: str) -> str:
    """The URL with everything masked that may be a secret: passwords, a login without user name, parameters that sound like one."""
    scheme, separator, rest = url.partition("://")
    if scheme == "hardcoded":
        return f"{scheme}{separator}" + ",".join(f"{item.partition(':')[0].strip()}:{MASK}" for item in rest.split(","))
    login, at, place = rest.rpartition("@")
    if at:
        user, colon, _ = login.partition(":")
        login = f"{user}:{MASK}" if colon else MASK
    return f"{scheme}{separator}{login}{at}{_query_secret.sub(lambda match: match[1] + MASK, place)}"


def either(schemes: tuple[str, ...]) -> str:
    """A choice of schemes, for a message."""
    return " or ".join(f"{scheme}://" for scheme in schemes)


_any_database = secret_url(("sqlite", "postgresql"))


def _parse_database(text: str) -> Secret:
    found = _any_database.parse(text)
    assert isinstance(found, Secret)
    scheme, _, rest = text.partition("://")
    if scheme.lower() == "sqlite" and (not rest.startswith("/") or not rest[1:]):
        raise ValueError("is not sqlite:///relative/path or sqlite:////absolute/path")
    if scheme.lower() == "postgresql" and (" " in rest or not rest.rpartition("@")[2].partition("/")[2]):
        raise ValueError("names no database: postgresql://user:password@host/name")
    return found


DATABASE_URL = Kind(
    "database",
    "sqlite:///path or postgresql://user:password@host/name",
    _parse_database,
    redact=_any_database.redact,
    after_space=Hash.REFUSED,
)


def _parse_http_place(text: str) -> str:
    match = re.fullmatch(r"(https?)://([!-~]+?)/?", text)
    if not match or any(mark in match[2] for mark in "/?#@"):
        raise ValueError(f"{quoted(text)} is not a URL of http:// or https:// with host and port alone")
    parse_place(match[2], 80)
    return f"{match[1]}://{match[2]}"


HTTP_PLACE = Kind("HTTP server", "http:// or https:// with host and port, like http://localhost:11333", _parse_http_place)
"""As text without a path. It holds no secret."""
