"""Addresses and settings of the AMQP publisher."""

import gzip
import random
import ssl
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.amqp import AmqpSettings, BrokerAddress, QueueType
from tidegate.adapters.amqp.backoff import Backoff
from tidegate.adapters.amqp.encoding import compress, gzipped

ADDRESS = "amqp://user:s3cret@broker.example:5673/mail"


@pytest.mark.parametrize(
    ("text", "shown", "secure"),
    [
        (ADDRESS, "amqp://broker.example:5673/mail", False),
        ("amqp://broker.example", "amqp://broker.example:5672/", False),
        ("  amqps://u:p@broker.example/  ", "amqps://broker.example:5671/", True),
        ("amqp://u:p%40ss@[::1]/%2Fa", "amqp://[::1]:5672/%2Fa", False),
    ],
)
def test_address(text: str, shown: str, secure: bool) -> None:
    """Default ports are filled in; user and password are never shown."""
    address = BrokerAddress.parse(text)
    assert (str(address), address.secure) == (shown, secure)
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("http://user:s3cret@broker/", "amqp://"),
        ("user:s3cret@broker", "amqp://"),
        ("amqp://user:s3cret@/", "host"),
        ("amqp://user:s3cret@broker:port/", "form"),
        ("amqp://user:s3cret@broker:99999/", "form"),
        ("amqps://user:s3cret@broker/?no_verify_ssl=1", "no_verify_ssl"),
        ("amqp://user:s3cret@broker/?cacertfile=/ca.pem", "amqps"),
        ("", "amqp://"),
    ],
)
def test_bad_address(text: str, complaint: str) -> None:
    """Each says what is wrong, and none quotes the password."""
    with pytest.raises(ValueError, match=complaint) as raised:
        BrokerAddress.parse(text)
    assert "s3cret" not in str(raised.value)


def test_settings_show_no_password() -> None:
    """Neither does the repr of the settings."""
    assert "s3cret" not in repr(AmqpSettings(addresses=(ADDRESS,)))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"addresses": ()}, "address"),
        ({"throttle": 0}, "throttle"),
        ({"throttle": 70_000}, "throttle"),
        ({"throttle_bytes": 0}, "throttle_bytes"),
        ({"confirm_timeout_s": 0}, "confirm_timeout_s"),
        ({"heartbeat_s": 0}, "heartbeat_s"),
        ({"max_priority": 256}, "max_priority"),
        ({"max_document_bytes": 0}, "max_document_bytes"),
        ({"queues": ("",)}, "queue"),
        ({"queues": ("amq.mine",)}, "amq"),
        ({"queues": ("in\nbox",)}, "queue"),
        ({"queues": ("q" * 256,)}, "queue"),
        ({"exchange": "x" * 128}, "exchange"),
        ({"exchange": "mail!"}, "exchange"),
        ({"queue_type": QueueType.QUORUM, "lazy": True}, "lazy"),
        ({"queue_type": QueueType.QUORUM, "durable": False}, "durable"),
        ({"queue_type": QueueType.QUORUM, "max_priority": 3}, "max_priority"),
    ],
)
def test_bad_settings(wrong: dict[str, object], complaint: str) -> None:
    """Values that cannot work are refused when the settings are made."""
    with pytest.raises(ValueError, match=complaint):
        AmqpSettings(**{"addresses": (ADDRESS,), **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "arguments"),
    [
        (AmqpSettings(addresses=(ADDRESS,)), {}),
        (AmqpSettings(addresses=(ADDRESS,), lazy=True, max_priority=9), {"x-queue-mode": "lazy", "x-max-priority": 9}),
        (AmqpSettings(addresses=(ADDRESS,), queue_type=QueueType.QUORUM), {"x-queue-type": "quorum"}),
    ],
)
def test_queue_arguments(settings: AmqpSettings, arguments: dict[str, object]) -> None:
    """What queues are declared with."""
    assert settings.queue_arguments == arguments


def test_tls_context(tmp_path: Path) -> None:
    """Verification by default, with host name; without it only when told so; files are found or named."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    assert BrokerAddress.parse(ADDRESS).tls_context(verify=True) is None
    address = BrokerAddress.parse(f"amqps://broker.example/?cacertfile={tmp_path / 'ca.pem'}")
    context = address.tls_context(verify=True)
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    context = address.tls_context(verify=False)
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    with pytest.raises(OSError, match="No such file"):
        BrokerAddress.parse(f"amqps://broker.example/?cacertfile={tmp_path / 'absent.pem'}").tls_context(verify=True)


@given(seed=st.integers())
def test_backoff(seed: int) -> None:
    """QU15: pauses grow from 1 s to 30 s, differ between gateways, and begin anew after a connection that lasted."""
    backoff = Backoff(1, 30, random.Random(seed).random)
    pauses = [backoff.failed() for _ in range(50)]
    assert all(1 <= pause <= 30 for pause in pauses)
    assert all(max(1, 2**n / 2) <= pause <= 2**n for n, pause in enumerate(pauses[:5]))
    assert all(pause >= 15 for pause in pauses[5:])
    backoff.lived(29)
    assert backoff.failed() >= 15
    backoff.lived(30)
    assert backoff.failed() == 1


@given(parts=st.lists(st.binary(max_size=2000), max_size=5))
def test_gzip_round_trip(parts: list[bytes]) -> None:
    """Equal documents have equal bodies, and unpack to what they were."""
    assert gzip.decompress(compress(parts)) == b"".join(parts)
    assert compress(parts) == compress([b"".join(parts)]) or len(parts) > 1


async def test_large_bodies_are_compressed_in_a_thread() -> None:
    """The result is the same as at once."""
    parts = [b"a" * 100_000, b"b" * 100_000]
    assert gzip.decompress(await gzipped(parts, 200_000)) == b"".join(parts)
