"""/etc/shadow (shadow(5)): for systems without PAM."""

from pathlib import Path

from tidegate.adapters.auth.libcrypt import matches, unusable
from tidegate.domain.credentials import AuthVerdict, Credentials

SHADOW = Path("/etc/shadow")
_UNKNOWN = "$6$tidegate.dummy.0$" + "." * 86
"""Hashed for unknown accounts, so that they take as long as known ones."""


def judge(content: str, credentials: Credentials, today: int) -> AuthVerdict:
    """Judge by the content of the file.

    Args:
        content: of the file.
        credentials: to be judged.
        today: days since 1970-01-01 (UTC).

    Raises:
        PermanentFailure: the machine has no libcrypt.
    """
    for line in content.splitlines():
        fields = line.split(":")
        if fields[0] == credentials.username and len(fields) >= 8:
            usable = unusable(fields[1]) is None
            same = matches(credentials.password, fields[1] if usable else _UNKNOWN)
            return AuthVerdict.ACCEPTED if same and usable and _valid(fields, today) else AuthVerdict.REFUSED
    matches(credentials.password, _UNKNOWN)
    return AuthVerdict.REFUSED


def _valid(fields: list[str], today: int) -> bool:
    """Neither the account nor its password has expired; a password that must be changed at the next login has."""
    changed, longest, inactive, expires = (_days(fields[index]) for index in (2, 4, 6, 7))
    if expires is not None and today >= expires:
        return False
    if changed == 0:
        return False
    return not (changed is not None and longest is not None and longest < 99999 and today > changed + longest + (inactive or 0))


def _days(field: str) -> int | None:
    return int(field) if field.isascii() and field.isdigit() and len(field) < 10 else None
