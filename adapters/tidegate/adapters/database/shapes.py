"""How the records of the domain stand in the tables."""

from datetime import UTC, datetime

import sqlalchemy as sa

from tidegate.adapters.database.records import Row, Shape
from tidegate.adapters.database.tables import LOCAL, MTA, SUSPECTS
from tidegate.domain.local_addresses import MAX_PATTERNS, CompileRegex, Pattern, PatternType
from tidegate.domain.managed_state import MtaName, Suspect
from tidegate.ports.directory import MAX_MTA_NAMES, MAX_SUSPECTS

_DOMAIN = sa.func.substr(LOCAL.c.pattern, 3)
# What Pattern.exact_key says in Python.
_IN_TABLE = sa.or_(
    LOCAL.c.type == PatternType.EXACT.value,
    sa.and_(
        LOCAL.c.type == PatternType.FNMATCH.value,
        LOCAL.c.pattern.startswith("*@"),
        *(sa.not_(_DOMAIN.contains(special)) for special in "*?["),
    ),
)


def local_shape(compile_regex: CompileRegex) -> Shape[Pattern, Pattern]:
    """Local addresses. Rows that somebody wrote by hand are brought into the canonical spelling."""

    def row(pattern: Pattern) -> Row:
        return {"type": pattern.type.value, "pattern": pattern.text}

    return Shape(
        LOCAL,
        row,
        lambda row: Pattern.parse(PatternType(row["type"]), row["pattern"], compile_regex),
        row,
        (),
        (),
        ("pattern",),
        MAX_PATTERNS,
        sa.not_(_IN_TABLE),
        "local addresses that are patterns (exact ones and *@domain do not count)",
    )


MTA_SHAPE: Shape[MtaName, str] = Shape(
    MTA,
    lambda name: {"ip": name.ip, "name": name.name},
    lambda row: MtaName.parse(row["ip"], row["name"]),
    lambda ip: {"ip": ip},
    ("name",),
    (),
    ("ip", "name"),
    MAX_MTA_NAMES,
    sa.true(),
    "MTA names",
)


def _suspect_row(suspect: Suspect) -> Row:
    expires = None if suspect.expires is None else int(suspect.expires.timestamp())
    return {"network": suspect.network, "reason": suspect.reason, "expires": expires, "hits": suspect.hits}


def _suspect(row: Row) -> Suspect:
    expires = row["expires"]
    try:
        until = None if expires is None else datetime.fromtimestamp(expires, UTC)
    except (OverflowError, OSError):
        until = None  # beyond the calendar is never
    return Suspect.parse(row["network"], row["reason"], until, row["hits"])


SUSPECT_SHAPE: Shape[Suspect, str] = Shape(
    SUSPECTS,
    _suspect_row,
    _suspect,
    lambda network: {"network": network},
    ("reason", "expires"),
    ("hits",),
    ("network", "reason"),
    MAX_SUSPECTS,
    sa.true(),
    "suspect networks",
)
