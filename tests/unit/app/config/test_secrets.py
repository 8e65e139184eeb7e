"""Passwords are never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.app.config.reading import loaded, warnings

from tidegate.app.config import ConfigErrors
from tidegate.app.config.back_ends import HardcodedUsers
from tidegate.app.config.kinds.auth import AUTH
from tidegate.app.config.kinds.kind import Hash
from tidegate.app.config.kinds.urls import AMQP, redacted
from tidegate.app.config.table.key import Key, Status
from tidegate.app.config.table.keys import KEYS

SECRETS = [key for key in KEYS if key.secret]


def test_which_keys_are_secret() -> None:
    """Every key that can hold a URL with a password."""
    assert {key.name for key in SECRETS} == {"smtp-auth", "www-auth", "rabbitmq-address", "database-address", "storage-address"}


@pytest.mark.parametrize("key", SECRETS, ids=lambda key: key.name)
def test_hash_after_space_is_refused(key: Key) -> None:
    """A password is neither cut short nor made longer without a word."""
    assert key.kind.after_space is Hash.REFUSED


@pytest.mark.parametrize("key", SECRETS, ids=lambda key: key.name)
@pytest.mark.parametrize(
    "value",
    [
        "s3cret",
        "amqp://u:s3cret@",
        "amqp://u:s3cret@h:x/v",
        "amqp://h/v,s3cret",
        "amqp://u:s3cret%@h",
        "amqp://u:s3cret%ff@h",
        "amqp://u:p@s3cret!",
        "http://u:s3cret@h",
        "hardcoded://u,s3cret",
        "hardcoded://s3cret:",
        "postgres://u:s3cret@h/d",
        "sqlite:// #s3cret",
        "s3cret\x00",
    ],
)
def test_errors_do_not_quote_secrets(key: Key, value: str) -> None:
    """WC12: whatever is wrong with the value, no part of it is in a message."""
    for argv, environ, files in (
        ([f"--{key.name}={value}"], {}, {}),
        ([], {f"TIDEGATE_{key.name.upper().replace('-', '_')}": value}, {}),
        ([], {}, {"": f"{key.name}: {value}\n{key.name} {value}\n"}),
    ):
        said: list[str]
        try:
            warned = loaded(*argv, environ=environ, files=files).warnings
        except ConfigErrors as caught:
            said = [str(caught), *map(repr, caught.errors)]
        else:  # a whole value of a feature to come
            said = [text for problem in warned if problem.key == key.name for text in (str(problem), repr(problem))]
            assert key.status is Status.NOT_YET
        assert said
        assert "s3cret" not in "".join(said)


@pytest.mark.parametrize(
    "line", ["rabbitmq-adress: amqp://u:s3cret@h", "rabbitmq-password: s3cret", "amqp//u s3cret:x", "s3cret", "s3cret s3cret: x"]
)
def test_lines_that_cannot_be_read_are_not_quoted(line: str) -> None:
    """A misspelt key may well stand before a password."""
    with pytest.raises(ConfigErrors) as caught:
        loaded(files={"": line})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("hardcoded://joe:s3cret,ann:s3:cret", "hardcoded://joe:***,ann:***"),
        ("ldap://example.com:389/base_dn", "ldap://example.com:389/base_dn"),
        ("radius://identifier:s3cret@example.com:1812", "radius://identifier:***@example.com:1812"),
        ("http://u:s3@cret@h:80/x", "http://u:***@h:80/x"),
        ("https://s3cret@h/x", "https://***@h/x"),
        ("https://h/x?a=b&api-token=s3cret&Password=s3cret", "https://h/x?a=b&api-token=***&Password=***"),
        ("users://user1,client*", "users://user1,client*"),
        ("file:///users.txt", "file:///users.txt"),
        ("sqlite:////var/lib/tidegate/tidegate.db", "sqlite:////var/lib/tidegate/tidegate.db"),
    ],
)
def test_redacted(url: str, shown: str) -> None:
    """What is left of a URL shows which back end it is."""
    assert redacted(url) == shown


@given(st.text(st.characters(categories=("L", "N")), min_size=1))
def test_settings_do_not_show_secrets(password: str) -> None:
    """The ``repr`` of finished values and the texts that commands print hold no password."""
    marked = f"<{password}>"
    secret = AUTH.parse(f"hardcoded://joe:{marked}")
    assert isinstance(secret, HardcodedUsers)
    assert marked not in repr(secret)
    assert marked not in f"{secret}"
    assert secret.passwords == (("joe", marked),)
    result = loaded("--rabbitmq-address", f"amqp://u:{marked}@h")
    assert marked not in repr(result)
    assert result.texts["rabbitmq-address"] == ("amqp://u:***@h:5672/%2F",)
    assert AMQP.redact is not None


def test_file_that_everybody_can_read() -> None:
    """OP10: a password in a file that every user can read is worth a warning; a file without one is not."""
    files = {"": "smtp-port: 25\nrabbitmq-address: amqp://u:p@h"}
    assert warnings(files=files, mode=0o644) == [
        "/etc/tidegate/config.txt:2: rabbitmq-address: may hold a password, and every user can read the file: chmod o-r"
    ]
    assert warnings(files=files, mode=0o640) == []
    assert warnings(files={"": "smtp-port: 25\nrabbitmq-address:"}, mode=0o644) == []
    held = "smtp-certificate: c\nsmtp-key: k\nsmtp-auth: users://ann\nsmtp-auth: file:///u\ndatabase-address: sqlite:////d"
    assert warnings(files={"": held}, mode=0o644) == []
    assert warnings(files={"": f"{held}\nsmtp-auth: hardcoded://ann:pw"}, mode=0o644) != []
