"""Which accounts a list admits."""

import pytest

from tidegate.domain.account_patterns import AccountPatterns

LISTED = AccountPatterns(("user1", "mailerq", "client*"))


@pytest.mark.parametrize(
    ("name", "superuser", "admitted"),
    [
        ("user1", False, True), ("mailerq", False, True), ("client", False, True), ("client7", False, True), ("clientroot", False, True),
        ("CLIENT1", False, False), ("user12", False, False), ("xuser1", False, False), ("myclient", False, False), ("client\n", False, True), ("user1\n", False, False),
        ("root", True, False), ("clientroot", True, False), ("user1", True, True), ("", False, False),
    ],
)  # fmt: skip
def test_admit(name: str, superuser: bool, admitted: bool) -> None:
    """AB30: whole names, case-exact; root only literally. (Line ends reach no back end.)"""
    assert LISTED.admit(name, superuser=superuser) is admitted
