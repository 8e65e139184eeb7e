"""Writing the Authentication-Results field (RFC 8601 section 2.2).

What a sender chose, addresses and domains above all, stands in it. A value is written as the grammar has it, quoted where that is needed; one
that cannot be written that way, or is longer than any honest one, is left out. Nothing can end a value, a result or a line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from tidegate.domain.checks.verdict import ArcResult, CheckResult, DkimResult, DmarcResult, IprevResult, SpamResult, SpfIdentity, SpfResult

MAX_VALUE_CHARS = 320  # RFC 5321 section 4.5.3.1: the longest address; quoted, still below the 998 that RFC 5322 section 2.1.1 has for a line
MAX_REASON_CHARS = 200
MAX_LINE_CHARS = 76

_is_token = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+").fullmatch  # RFC 2045 section 5.1
_atom = r"[!#$%&'*+\-/=?^_`{|}~0-9A-Za-z]+"
_label = r"[0-9A-Za-z_\-]+"
_is_plain_address = re.compile(rf"(?:{_atom}(?:\.{_atom})*)?@{_label}(?:\.{_label})*").fullmatch  # RFC 8601 section 2.2, pvalue

Property = tuple[str, str]


def authentication_results(authserv_id: str, results: Sequence[CheckResult]) -> bytes:
    """The whole field, folded, with CRLF at its end.

    Args:
        authserv_id: the name under which this host is trusted; letters, digits, dots, hyphens.
        results: findings in the order in which they are to stand; spam scores are no authentication and are left out.

    Raises:
        ValueError: ``authserv_id`` is no token.
    """
    if not _is_token(authserv_id):
        raise ValueError(f"not a name for Authentication-Results: {authserv_id!r}")
    infos = [_info(*finding) for finding in _findings(results)]
    return f"Authentication-Results: {authserv_id};\r\n\t".encode("ascii") + ";\r\n\t".join(infos or ["none"]).encode("ascii") + b"\r\n"


def _findings(results: Iterable[CheckResult]) -> Iterator[tuple[str, StrEnum, str, list[Property]]]:
    for result in results:
        match result:
            case SpfResult():
                yield "spf", result.verdict, result.reason, [_spf_property(result)]
            case DkimResult():
                properties = [
                    ("header.d", result.domain),
                    ("header.i", result.identity),
                    ("header.s", result.selector),
                    ("header.b", result.signature),
                    ("header.a", result.algorithm),
                ]
                yield "dkim", result.verdict, result.reason, properties
            case DmarcResult():
                policy = "" if result.policy is None else result.policy.value
                yield "dmarc", result.verdict, result.reason, [("header.from", result.author_domain), ("policy.dmarc", policy)]
            case ArcResult():
                oldest = "" if result.oldest_pass is None else str(result.oldest_pass)
                yield "arc", result.verdict, result.reason, [("header.oldest-pass", oldest)]
            case IprevResult():
                yield "iprev", result.verdict, result.reason, [("policy.iprev", result.ip)]
            case SpamResult():
                pass


def _spf_property(result: SpfResult) -> Property:
    """The address where it can be written, else its domain, which is what was checked."""
    if result.identity is SpfIdentity.HELO or _written(result.value):
        return result.identity.value, result.value
    return result.identity.value, result.domain


def _info(method: str, verdict: StrEnum, reason: str, properties: list[Property]) -> str:
    parts = [f"{method}={verdict.value}"]
    if reason:
        parts += [f"reason={_quoted(reason[:MAX_REASON_CHARS])}"] if _is_writable(reason) else []
    parts += [f"{name}={value}" for name, value in ((name, _written(value)) for name, value in properties) if value]
    return _folded(parts)


def _folded(parts: list[str]) -> str:
    """The parts with a blank between them, on as many lines as they need."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) < MAX_LINE_CHARS:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return "\r\n\t  ".join(lines)


def _written(value: str) -> str:
    """The value as the grammar wants it (RFC 8601 section 2.2, pvalue); empty when it cannot be written."""
    if not 0 < len(value) <= MAX_VALUE_CHARS or not _is_writable(value):
        return ""
    return value if _is_token(value) or _is_plain_address(value) else _quoted(value)


def _is_writable(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
