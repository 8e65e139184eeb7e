"""Addresses of back ends in ``smtp-auth``."""

import pytest

from tidegate.app.config.back_ends import HardcodedUsers, PasswordFile, Program
from tidegate.app.config.kinds.auth import AUTH


@pytest.mark.parametrize(
    ("text", "passwords"),
    [
        ("joe:pw", {"joe": "pw"}),
        ("joe:pw,ann:other", {"joe": "pw", "ann": "other"}),
        ("joe:p:w:", {"joe": "p:w:"}),
        ("joe:a%2Cb%2cc,ann:x", {"joe": "a,b,c", "ann": "x"}),
        ("joe%2C1:pw", {"joe,1": "pw"}),
        ("joe:100%25%3A%", {"joe": "100%25%3A%"}),
        ("joe:a%23b", {"joe": "a#b"}),
        ("\uff4a\uff4f\uff45:\uff4a", {"joe": "\uff4a"}),
    ],
)
def test_hardcoded(text: str, passwords: dict[str, str]) -> None:
    """AB31: all behind the first colon is the password; commas in it are written %2C; user names as clients send them."""
    assert AUTH.parse(f"hardcoded://{text}") == HardcodedUsers(tuple(passwords.items()))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("username,password", 1),
        ("username:s3cret,username2,s3cret2", 2),
        ("joe:s3cret,", 2),
        (":s3cret", 1),
        ("joe:", 1),
        ("joe:s3cret,ann:s3cret2,joe:s3cret3", 3),
        ("joe:s3cret,\uff4a\uff4f\uff45:s3cret2", 2),
        ("joe:s3\x1bcret", 1),
        ("joe:" + "s3cret" * 200, 1),
    ],
)
def test_hardcoded_mistakes(text: str, item: int) -> None:
    """AB31: the item is named by its number, and nothing of it is quoted."""
    with pytest.raises(ValueError, match=rf"^item {item} (is|holds) ") as caught:
        AUTH.parse(f"hardcoded://{text}")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["file", "exec"])
def test_paths_are_absolute(scheme: str) -> None:
    """AB23: where the server was started says nothing about which program runs."""
    kind = PasswordFile if scheme == "file" else Program
    assert isinstance(AUTH.parse(f"{scheme}:///srv/x"), kind)
    for path in ("x", "./x", "../x", "~/x", "$HOME/x"):
        with pytest.raises(ValueError, match="not absolute"):
            AUTH.parse(f"{scheme}://{path}")


@pytest.mark.parametrize("names", ["user1,", "../root", "a b", "cl?ent", "client[0-9]", "-x", "us\ner", "root,,x", "x" * 65])
def test_names_of_accounts(names: str) -> None:
    """AB30: a list that might mean more than it says is an error."""
    with pytest.raises(ValueError, match="is not the name of an account"):
        AUTH.parse(f"users://{names}")
