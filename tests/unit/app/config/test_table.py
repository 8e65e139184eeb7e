"""The table of keys: complete, consistent, and the same as the settings classes."""

import types
import typing
from datetime import timedelta

import attrs
import pytest
from tests.unit.app.config.reading import loaded

from tidegate.app.config import Settings, defaults
from tidegate.app.config.sources import NOT_SETTINGS
from tidegate.app.config.table import features
from tidegate.app.config.table.elsewhere import ELSEWHERE, SUPERSEDED
from tidegate.app.config.table.key import Key, Status
from tidegate.app.config.table.keys import BY_NAME, GROUPS, IGNORED, KEYS

EVERY_KEY = pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)

COMPATIBLE = [
    "smtp-ip",
    "smtp-port",
    "smtp-secure-port",
    "smtp-certificate",
    "smtp-key",
    "smtp-privatekey",
    "smtp-ciphers",
    "smtp-range",
    "smtp-ranges",
    "smtp-auth",
    "smtp-check",
    "smtp-auth-results",
    "spamassassin-host",
    "spamassassin-port",
    "smtp-proxy",
    "smtp-validate-address",
    "smtp-connections",
    "smtp-connections-in",
    "smtp-connections-out",
    "smtp-maxsize",
    "smtp-threads",
    "smtp-timeout",
    "smtp-protection",
    "smtp-extract",
    "smtp-default-ips",
    "smtp-mappable-ips",
    "smtp-unmappable-ips",
    "smtp-defaultip",
    "smtp-defaultips",
    "smtp-hostname",
    "dsn-advertise",
    "rabbitmq-address",
    "rabbitmq-verify",
    "rabbitmq-inbox",
    "rabbitmq-outbox",
    "rabbitmq-local",
    "rabbitmq-reports",
    "rabbitmq-refused",
    "rabbitmq-exchange",
    "rabbitmq-declare",
    "rabbitmq-durable",
    "rabbitmq-persistent",
    "rabbitmq-lazy",
    "rabbitmq-maxpriority",
    "rabbitmq-encoding",
    "rabbitmq-queue-type",
    "rabbitmq-throttle",
    "rabbitmq-maxsize",
    "state-directory",
    "queue-directory",
    "queue-fallback",
    "dmarc-profile",
    "storage-address",
    "storage-policy",
    "storage-ttl",
    "storage-threshold",
    "database-address",
    "database-ttl",
    "dns-nameserver",
    "dns-timeout",
    "dns-attempts",
    "dns-min-ttl",
    "www-port",
    "www-ip",
    "www-auth",
    "www-certificate",
    "www-privatekey",
    "www-secure-port",
    "application-log",
    "received-log-file",
    "received-log-format",
    "user",
    "lock",
    "server-id",
]
"""Every key that a file of the original may hold, and those of ours that go with them."""


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible_key_is_known(name: str) -> None:
    """The inbound half of an existing file is understood whole."""
    assert name in BY_NAME


def test_names_are_unique() -> None:
    """No name, older name or ignored name means two things."""
    names = [*(name for key in KEYS for name in (key.name, *key.aliases)), *(name for part in ELSEWHERE.values() for name in part), *SUPERSEDED]
    assert len(names) == len(set(names))
    assert {f"TIDEGATE_{name.upper().replace('-', '_')}" for name in names}.isdisjoint(NOT_SETTINGS)


def test_successors_are_keys() -> None:
    """What the error about an early key names is there."""
    assert set(SUPERSEDED.values()) <= {key.name for key in KEYS}


def test_settings_have_the_keys_of_the_table() -> None:
    """Each group is a class, each of its keys an attribute, in the same order; nothing else."""
    groups = [(field.name, [inner.name for inner in attrs.fields(typing.cast(type, field.type))]) for field in attrs.fields(Settings)]
    assert sorted(groups) == sorted((group.name, [key.attribute for key in KEYS if key.group is group]) for group in GROUPS)


@EVERY_KEY
def test_default_and_example(key: Key) -> None:
    """Both are read, and give a value of the type that the settings class declares."""
    field = attrs.fields_dict(type(getattr(defaults(), key.group.name)))[key.attribute]
    assert _fits(getattr(getattr(defaults(), key.group.name), key.attribute), field.type)
    value = key.kind.parse(key.example)
    assert _fits((value,) if key.repeatable else value, field.type)
    assert key.default or key.kind.takes_empty or key.repeatable, "empty text needs a meaning where it is the default"


@EVERY_KEY
def test_entry_is_complete(key: Key) -> None:
    """What the reference page needs is there, and a key whose empty value is not its default says what that means."""
    assert key.meaning.endswith(".")
    assert key.example
    assert key.kind.allowed
    if key.kind.takes_empty or key.repeatable:
        assert key.when_empty or key.default == key.name or key.kind.name in {"template", "URL"}
    assert key.feature is None or all(not text or key.kind.parse(text) is not None for text in key.inactive)


def test_features_are_in_use() -> None:
    """A feature that no key needs would be a leftover."""
    known = {value for value in vars(features).values() if isinstance(value, features.Feature)}
    assert {key.feature for key in KEYS} - {None} == known


def test_landing_of_a_feature_is_one_line() -> None:
    """The version in the feature's line is all that makes its keys available."""
    key = next(key for key in KEYS if key.status is Status.NOT_YET)
    assert key.feature is not None
    landed = attrs.evolve(key, feature=attrs.evolve(key.feature, since="9.9.9"))
    assert landed.status is Status.AVAILABLE


def test_ignored_names_belong_to_other_parts() -> None:
    """Names of the outgoing IP choice and the inbound queues are keys, not ignored."""
    assert "smtp-default-ips" not in IGNORED
    assert {"max-attempts", "retry-interval", "smarthost", "send-log-file", "rabbitmq-results"} <= IGNORED


def test_finished_values() -> None:
    """Ports are tuples, sizes bytes, durations timedelta, ranges answer ``in``."""
    smtp = loaded("--smtp-port=25,1024-1026", "--smtp-maxsize=100MB", "--smtp-timeout=5m", "--smtp-range=10.0.0.0/8").settings.smtp
    assert smtp.port == (25, 1024, 1025, 1026)
    assert smtp.maxsize == 104_857_600
    assert smtp.timeout == timedelta(seconds=300)
    assert "10.9.8.7" in smtp.range


def _fits(value: object, declared: object) -> bool:
    """Whether a value has a declared type: classes, unions, and tuples and sets of them."""
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, part) for part in arguments)
    if origin in (tuple, frozenset):
        return isinstance(value, origin) and all(_fits(item, arguments[0]) for item in typing.cast(typing.Iterable[object], value))
    return isinstance(value, typing.cast(type, declared))
