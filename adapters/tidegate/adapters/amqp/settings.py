"""What the AMQP publisher is told when it is built."""

import re
from collections.abc import Iterable
from enum import StrEnum

import attrs
from attrs import validators

from tidegate.adapters.amqp.address import BrokerAddress

MEBIBYTE = 1024 * 1024
MAX_THROTTLE = 65_535
"""More unconfirmed publishes than this only move the queue from the broker's disk into its memory."""

MAX_NAME_BYTES = 255
"""Names are AMQP short strings (AMQP 0-9-1 section 4.2.5.3)."""

MAX_EXCHANGE_NAME = 127
"""Length of AMQP's ``exchange-name`` domain (AMQP 0-9-1 XML specification); the AMQP library insists on it."""

NAME_MARKS = "- _ . : @ # , / + space"
NAME = re.compile(r"[A-Za-z0-9\-_.:@#,/+ ]+")
"""What the AMQP library lets a queue or exchange name be made of: the specification's characters and some that RabbitMQ's users have."""

MAX_PRIORITIES = 255
"""RabbitMQ's upper bound for ``x-max-priority``."""


class QueueType(StrEnum):
    """RabbitMQ's ``x-queue-type``."""

    CLASSIC = "classic"
    QUORUM = "quorum"


class Encoding(StrEnum):
    """How bodies are written; the value is the AMQP ``content_encoding``."""

    IDENTITY = ""
    GZIP = "gzip"


def _parsed(addresses: Iterable["str | BrokerAddress"]) -> tuple[BrokerAddress, ...]:
    return tuple(BrokerAddress.parse(address) if isinstance(address, str) else address for address in addresses)


def _names(_: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for name in value:
        if not NAME.fullmatch(name) or len(name) > MAX_NAME_BYTES:
            raise ValueError(f"{attribute.name}: {name!r} is not a queue name: 1 to {MAX_NAME_BYTES} of A-Z a-z 0-9 and {NAME_MARKS}")
        if name.startswith("amq."):
            raise ValueError(f"{attribute.name}: names that start with 'amq.' belong to the broker: {name!r}")


@attrs.frozen(kw_only=True)
class AmqpSettings:
    """Settings of one :class:`~tidegate.adapters.amqp.publisher.AmqpPublisher`. Invalid combinations raise ``ValueError``, without secrets.

    Attributes:
        addresses: nodes of one broker or cluster, tried in order; strings are read by
            :meth:`BrokerAddress.parse`.
        verify: check the broker's certificate and host name (``amqps`` only). False is logged at every start.
        queues: declared as soon as the broker is there; publishing to other queues is possible and not checked beforehand.
        exchange: documents go there with the queue name as routing key; empty is the default exchange.
        declare: declare queues (and exchange and bindings) before use. With False they must exist.
        durable: queues survive a restart of the broker.
        persistent: delivery mode 2; False means that accepted mail dies with the broker.
        lazy: classic queues keep their messages on disk (``x-queue-mode``).
        max_priority: ``x-max-priority`` of classic queues, 1 to 255; None for none.
        encoding: compression of bodies.
        queue_type: ``x-queue-type``; a quorum queue is durable by nature and has neither lazy mode nor ``x-max-priority``.
        throttle: most publishes that wait for their confirm at one time.
        throttle_bytes: most body bytes that do. A single document above it is still sent, alone.
        max_document_bytes: largest document (bytes of JSON) that the broker takes; None asks the broker's version.
        confirm_timeout_s: bound of one ``publish`` call, waiting for its turn included.
        connect_timeout_s: bound of one attempt to reach one address, and of each declaration.
        open_wait_s: how long ``open`` waits for the first attempt to connect to end, well or badly.
        heartbeat_s: AMQP heartbeat; a silent broker is given up after about three.
        backoff_first_s: shortest pause before another attempt to connect or to open a channel; they double, with a random part.
        backoff_longest_s: longest pause.
        blocked_grace_s: how long a call may wait on after the broker has blocked publishers: it still confirms what it had read before.
    """

    addresses: tuple[BrokerAddress, ...] = attrs.field(converter=_parsed)
    verify: bool = True
    queues: tuple[str, ...] = attrs.field(default=(), validator=_names)
    exchange: str = ""
    declare: bool = True
    durable: bool = True
    persistent: bool = True
    lazy: bool = False
    max_priority: int | None = None
    encoding: Encoding = Encoding.IDENTITY
    queue_type: QueueType = QueueType.CLASSIC
    throttle: int = attrs.field(default=100)
    throttle_bytes: int = attrs.field(default=64 * MEBIBYTE, validator=validators.gt(0))
    max_document_bytes: int | None = None
    confirm_timeout_s: float = attrs.field(default=30.0, validator=validators.gt(0))
    connect_timeout_s: float = attrs.field(default=10.0, validator=validators.gt(0))
    open_wait_s: float = attrs.field(default=5.0, validator=validators.ge(0))
    heartbeat_s: int = attrs.field(default=20)
    backoff_first_s: float = attrs.field(default=1.0, validator=validators.gt(0))
    backoff_longest_s: float = attrs.field(default=30.0, validator=validators.gt(0))
    blocked_grace_s: float = attrs.field(default=2.0, validator=validators.ge(0))

    @addresses.validator
    def _check_addresses(self, _: object, value: tuple[BrokerAddress, ...]) -> None:
        if not value:
            raise ValueError("at least one address of a broker is needed")

    @throttle.validator
    def _check_throttle(self, _: object, value: int) -> None:
        if not 1 <= value <= MAX_THROTTLE:
            raise ValueError(f"throttle must be 1 to {MAX_THROTTLE}, not {value}")

    @heartbeat_s.validator
    def _check_heartbeat(self, _: object, value: int) -> None:
        if not 1 <= value <= 600:
            raise ValueError(f"heartbeat_s must be 1 to 600 seconds, not {value}")

    def __attrs_post_init__(self) -> None:
        if self.max_priority is not None and not 1 <= self.max_priority <= MAX_PRIORITIES:
            raise ValueError(f"max_priority must be 1 to {MAX_PRIORITIES}, not {self.max_priority}")
        if self.max_document_bytes is not None and self.max_document_bytes <= 0:
            raise ValueError(f"max_document_bytes must be above zero, not {self.max_document_bytes}")
        if self.exchange and (not NAME.fullmatch(self.exchange) or len(self.exchange) > MAX_EXCHANGE_NAME):
            raise ValueError(f"{self.exchange!r} is not an exchange name: at most {MAX_EXCHANGE_NAME} of A-Z a-z 0-9 and {NAME_MARKS}")
        if self.queue_type is QueueType.QUORUM:
            refused = {"durable: false": not self.durable, "lazy": self.lazy, "max_priority": self.max_priority is not None}
            for name, set_ in refused.items():
                if set_:
                    raise ValueError(f"a quorum queue cannot be combined with {name}")

    @property
    def queue_arguments(self) -> dict[str, str | int]:
        """The ``x-…`` arguments with which every queue is declared. Classic is the broker's default and named to no one, so that queues
        which older software declared without a type fit.
        """
        arguments: dict[str, str | int] = {}
        if self.queue_type is not QueueType.CLASSIC:
            arguments["x-queue-type"] = self.queue_type.value
        if self.lazy:
            arguments["x-queue-mode"] = "lazy"
        if self.max_priority is not None:
            arguments["x-max-priority"] = self.max_priority
        return arguments
