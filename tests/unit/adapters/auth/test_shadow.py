"""Accounts by shadow(5): what has expired is refused."""

import pytest

from tidegate.adapters.auth.libcrypt import crypt
from tidegate.adapters.auth.shadow import judge
from tidegate.ports.authenticator import AuthVerdict, Credentials

TODAY = 20_000
HASH = crypt(b"pw", "$6$rounds=1000$saltsalt$")
A, R = AuthVerdict.ACCEPTED, AuthVerdict.REFUSED


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"bob:{HASH}:19000:0:99999:7:::", A),
        (f"bob:{HASH}:19000:0:99999:7::20001:", A),
        (f"bob:{HASH}:19000:0:99999:7::20000:", R),
        (f"bob:{HASH}:0:0:99999:7:::", R),
        (f"bob:{HASH}:19000:0:1000:7:::", A),
        (f"bob:{HASH}:19000:0:999:7:::", R),
        (f"bob:{HASH}:19000:0:999:7:1::", A),
        (f"bob:!{HASH}:19000:0:99999:7:::", R),
        ("bob:*:19000:0:99999:7:::", R),
        ("bob::19000:0:99999:7:::", R),
        (f"bob:{HASH}", R),
        (f"ann:{HASH}:19000:0:99999:7:::", R),
        (f"bob:{HASH}:x:y:z:7:::", A),
    ],
)
def test_accounts(line: str, expected: AuthVerdict) -> None:
    """AB30: locked, expired, without password, unknown."""
    assert judge(f"root:*:1:0:99999:7:::\n{line}\n", Credentials("bob", "pw"), TODAY) is expected


def test_wrong_password() -> None:
    """Refused."""
    assert judge(f"bob:{HASH}:19000:0:99999:7:::", Credentials("bob", "x"), TODAY) is R
