"""Addresses of authentication back ends. No message quotes any part of them."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tidegate.app.config.back_ends import (
    LDAP_PORT,
    LDAPS_PORT,
    RADIUS_PORT,
    BackEndAddress,
    HardcodedUsers,
    HttpEndpoint,
    LdapServer,
    PasswordFile,
    Program,
    RadiusServer,
    SystemUsers,
)
from tidegate.app.config.kinds.kind import Hash, Kind
from tidegate.app.config.kinds.urls import decoded, either, parse_place, redacted
from tidegate.domain.account_patterns import AccountPatterns
from tidegate.domain.credentials import Credentials, credentials

_account = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9._$*-]{0,63}").fullmatch


def _parse_hardcoded(rest: str) -> HardcodedUsers:
    pairs: dict[str, str] = {}
    for position, item in enumerate(rest.split(","), start=1):
        user, colon, password = item.strip().partition(":")
        if not colon or not user or not password:
            raise ValueError(f"item {position} is not user:password (a comma in a password is written %2C)")
        # Nothing else is an escape: passwords with % in them stand in old files as they are.
        user, password = (re.sub("%2C", ",", text, flags=re.IGNORECASE).replace("%23", "#") for text in (user, password))
        presented = credentials(user.encode(), password.encode())
        if not isinstance(presented, Credentials):
            raise ValueError(f"item {position} holds a user name or password that no client can send")
        if presented.username in pairs:
            raise ValueError(f"item {position} is a second password for the same user")
        pairs[presented.username] = presented.password
    return HardcodedUsers(tuple(pairs.items()))


def _parse_ldap(rest: str, *, tls: bool) -> LdapServer:
    address, _, query = rest.partition("?")
    place, slash, base = address.partition("/")
    host, port = parse_place(place, LDAPS_PORT if tls else LDAP_PORT)
    if not slash or not base:
        raise ValueError("the base DN is missing: ldap://host:389/base_dn")
    starttls, authorities = False, None
    for parameter in query.split("&") if query else ():
        name, equals, value = parameter.partition("=")
        if name == "starttls" and not equals and not starttls:
            starttls = True
        elif name == "cacertfile" and value.startswith("/") and authorities is None:
            authorities = Path(decoded(value, "path of a file"))
        else:
            raise ValueError("a parameter after the ? is not starttls or cacertfile=/path, given once")
    if starttls and tls:
        raise ValueError("ldaps:// is TLS from the first byte: ?starttls does not go with it")
    if authorities is not None and not (tls or starttls):
        raise ValueError("cacertfile needs ldaps:// or ?starttls")
    return LdapServer(host, port, decoded(base, "base DN"), tls, starttls, authorities)


def _parse_radius(rest: str) -> RadiusServer:
    login, _, place = rest.rpartition("@")
    identifier, colon, secret = login.partition(":")
    if not colon or not identifier or not secret:
        raise ValueError("identifier and secret are missing: radius://identifier:secret@host:1812")
    identifier = decoded(identifier, "identifier")
    if len(identifier.encode()) > 253:
        raise ValueError("the identifier has more than the 253 bytes that RADIUS takes")
    return RadiusServer(identifier, decoded(secret, "secret"), *parse_place(place.removesuffix("/"), RADIUS_PORT))


def _parse_users(rest: str) -> SystemUsers:
    names = tuple(map(str.strip, rest.split(",")))
    for position, name in enumerate(names, start=1):
        if not _account(name):
            raise ValueError(f"item {position} is not the name of an account, in which * stands for any characters")
    return SystemUsers(AccountPatterns(names))


def _parse_http(url: str) -> HttpEndpoint:
    if not re.fullmatch("[!-~]+", url):
        raise ValueError("a character outside ASCII or a blank stands in the URL: write it as an escape")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the host is not a name or address, or the port is not from 1 to 65535") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login stands before the host: the endpoint is given the client's own")
    if not host or port == 0:
        raise ValueError("the host is missing, or the port is not from 1 to 65535")
    if parts.fragment or "#" in url:
        raise ValueError("a # stands in the URL: no endpoint is told what follows it")
    parse_place(f"[{host}]" if ":" in host else host, 80)
    return HttpEndpoint(url, redacted(url), host)


def _parse_path(rest: str) -> Path:
    if not rest.startswith("/"):
        raise ValueError("the path is not absolute: write three slashes, as in file:///path and exec:///path")
    return Path(decoded(rest, "path"))


_SCHEMES: dict[str, Callable[[str], BackEndAddress]] = {
    "hardcoded": _parse_hardcoded,
    "ldap": lambda rest: _parse_ldap(rest, tls=False),
    "ldaps": lambda rest: _parse_ldap(rest, tls=True),
    "radius": _parse_radius,
    "users": _parse_users,
    "http": lambda rest: _parse_http(f"http://{rest}"),
    "https": lambda rest: _parse_http(f"https://{rest}"),
    "file": lambda rest: PasswordFile(_parse_path(rest)),
    "exec": lambda rest: Program(_parse_path(rest)),
}


def _parse_auth(text: str) -> BackEndAddress:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(f"does not begin with {either(tuple(_SCHEMES))}")
    if not rest:
        raise ValueError(f"ends after {scheme}://")
    return _SCHEMES[scheme](rest)


AUTH = Kind(
    "authentication back end",
    "one of hardcoded://user:password,…  ldap://host:389/base_dn  ldaps://host/base_dn  radius://identifier:secret@host:1812  users://name,…  "
    "http://host/path  https://host/path  file:///path  exec:///path",
    _parse_auth,
    redact=str,
    after_space=Hash.REFUSED,
)
