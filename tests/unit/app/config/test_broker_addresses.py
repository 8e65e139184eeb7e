"""``rabbitmq-address``: addresses with passwords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.amqp.address import BrokerAddress
from tidegate.app.config.kinds.urls import AMQP
from tidegate.app.config.values import AmqpAddress


def addresses(text: str) -> tuple[AmqpAddress, ...]:
    """The finished value of ``rabbitmq-address``."""
    value = AMQP.parse(text)
    assert isinstance(value, tuple)
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amqp://mq1", AmqpAddress(False, "mq1", 5672)),
        ("amqp://mq1/", AmqpAddress(False, "mq1", 5672)),
        ("AMQPS://mq1:1234/mail", AmqpAddress(True, "mq1", 1234, vhost="mail")),
        ("amqps://mq1", AmqpAddress(True, "mq1", 5671)),
        ("amqp://u:p@mq1/%2Fmail", AmqpAddress(False, "mq1", 5672, "u", "p", "/mail")),
        ("amqp://u:pa#ss@mq1/v", AmqpAddress(False, "mq1", 5672, "u", "pa#ss", "v")),
        ("amqp://u:p@ss:w?rd@mq1/v", AmqpAddress(False, "mq1", 5672, "u", "p@ss:w?rd", "v")),
        ("amqp://u:a%2Fb%25%2C@mq1", AmqpAddress(False, "mq1", 5672, "u", "a/b%,")),
        ("amqp://u:@[2001:db8::1]:5673/v", AmqpAddress(False, "2001:db8::1", 5673, "u", "", "v")),
        ("amqp://rabbit_mq_1", AmqpAddress(False, "rabbit_mq_1", 5672)),
        ("amqp://192.0.2.1", AmqpAddress(False, "192.0.2.1", 5672)),
        ("amqps://h/v?cacertfile=/a%20b.pem", AmqpAddress(True, "h", 5671, vhost="v", files=(("cacertfile", "/a b.pem"),))),
    ],
)
def test_accepted(text: str, expected: AmqpAddress) -> None:
    """Login and virtual host have RabbitMQ's defaults; percent escapes are decoded; ``#`` needs none."""
    assert addresses(text) == (expected,)


def test_several() -> None:
    """Nodes of a cluster keep their order."""
    assert [address.host for address in addresses("amqp://a , amqps://b/v,amqp://c")] == ["a", "b", "c"]
    assert addresses("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "http://h",
        "amqp:/h",
        "amqp://",
        "amqp:///v",
        "amqp://u:p@",
        "amqp://:p@h",
        "amqp://h:0",
        "amqp://h:70000",
        "amqp://h:x",
        "amqp://[::1",
        "amqp://::1",
        "amqp://[1.2.3.4.5]",
        "amqp://h-",
        "amqp://u:p%ff@h",
        "amqp://u:p/q@h",
        "amqp://u:100%@h",
        "amqp://u:p%00@h",
        "amqp://h/a/b",
        "amqp://h/v#x",
        "amqp://h/..",
        "amqp://h/%2e",
        "amqp://h?heartbeat=3",
        "amqps://h/?heartbeat=3",
        "amqp://h/?cacertfile=x",
        "amqps://h/?cacertfile=",
        "amqp://h/" + "v" * 256,
        "amqp://a,",
        "amqp://a,b",
        "mq1",
    ],
)
def test_refused(text: str) -> None:
    """A bad address is an error that quotes nothing of it."""
    with pytest.raises(ValueError, match=r"^address [12]: "):
        addresses(text)


_SAFE = st.text(st.characters(categories=("L", "N", "P", "S"), codec="utf-8"), min_size=1, max_size=20)


@given(
    _SAFE,
    _SAFE,
    _SAFE.filter(lambda vhost: vhost not in (".", "..")),
    st.booleans(),
    st.sampled_from(["mq1", "mq1.example.com", "rabbit_mq", "192.0.2.1", "2001:db8::1"]),
    st.integers(1, 65535),
)
def test_url_is_read_back_here_and_by_the_adapter(username: str, password: str, vhost: str, tls: bool, host: str, port: int) -> None:
    """What config makes of an address is what the AMQP adapter connects to, whatever characters a password has."""
    address = AmqpAddress(tls, host, port, username, password, vhost)
    assert addresses(address.url) == (address,)
    url = BrokerAddress.parse(address.url).url
    assert (url.user, url.password, url.host, url.port, url.path) == (username, password, host, port, f"/{vhost}")


@given(_SAFE)
def test_no_text_of_an_address_shows_its_password(password: str) -> None:
    """WC12: ``repr`` and ``str`` are safe to print."""
    address = AmqpAddress(False, "mq1", 5672, "u", f"<{password}>", "v")
    assert f"<{password}>" not in repr(address)
    assert str(address) == "amqp://u:***@mq1:5672/v"
