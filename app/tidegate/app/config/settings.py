"""The whole configuration as frozen values. The attribute of a key is its name without the name of its group, ``-`` as ``_``.

What each one means stands in the table of keys and, generated from it, in docs/config.md.
"""

from datetime import timedelta
from pathlib import Path

import attrs

from tidegate.app.config.back_ends import BackEndAddress
from tidegate.app.config.values import (
    AmqpAddress,
    Audience,
    Check,
    DmarcProfile,
    Encoding,
    Fallback,
    LineEndings,
    LogStream,
    QueueType,
    Secret,
    StoragePolicy,
)
from tidegate.domain.address import Validation
from tidegate.domain.ip_address import IpAddress
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.local_addresses import LocalCase
from tidegate.domain.nameserver import Nameserver
from tidegate.domain.spamd_address import SpamdAddress


@attrs.frozen
class Smtp:
    """``smtp-*``. Sizes are bytes; no ``ip`` is all addresses; None is no limit or not set."""

    ip: tuple[IpAddress, ...]
    port: tuple[int, ...]
    secure_port: tuple[int, ...]
    certificate: Path | None
    key: Path | None
    ciphers: str | None
    range: IpRanges
    proxy: IpRanges
    protection: bool
    connections: int | None
    connections_in: int | None
    connections_out: int | None
    threads: int
    auth: tuple[BackEndAddress, ...]
    hostname: str
    validate_address: Validation
    local_case: LocalCase
    maxsize: int
    timeout: timedelta
    session_time: timedelta
    min_rate: int
    """Bytes per second; 0 is no such limit."""
    line_endings: LineEndings
    normalize_range: IpRanges
    client_connections: int
    client_rate: int
    """New connections a minute; 0 is no such limit."""
    client_exempt: IpRanges
    recipients: int
    errors: int
    header_size: int
    header_count: int
    memory: int
    extract: bool
    default_ips: tuple[IpAddress, ...]
    mappable_ips: IpRanges
    unmappable_ips: IpRanges
    check: frozenset[Check]
    auth_results: frozenset[Audience]


@attrs.frozen
class Dsn:
    """``dsn-*``."""

    advertise: bool


@attrs.frozen
class Spamassassin:
    """``spamassassin-*``. ``maxsize`` in bytes; no ``user`` is spamd's own."""

    host: tuple[SpamdAddress, ...]
    port: int
    user: str
    timeout: timedelta
    maxsize: int
    report: bool


@attrs.frozen
class Rspamd:
    """``rspamd-*``. No ``address``: SpamAssassin judges."""

    address: str | None


@attrs.frozen
class Dmarc:
    """``dmarc-*``."""

    profile: DmarcProfile


@attrs.frozen
class Rabbitmq:
    """``rabbitmq-*``. No ``address`` is the embedded queue; an empty queue name is off; ``maxsize`` in bytes, None is what the broker says."""

    address: tuple[AmqpAddress, ...]
    verify: bool
    inbox: str
    outbox: str
    local: str
    reports: str
    refused: str
    exchange: str
    declare: bool
    durable: bool
    persistent: bool
    lazy: bool
    maxpriority: int
    """0 is no priorities."""
    encoding: Encoding | None
    queue_type: QueueType
    throttle: int
    maxsize: int | None
    timeout: timedelta


@attrs.frozen
class State:
    """``state-*``."""

    directory: Path


@attrs.frozen
class Queue:
    """``queue-*``. Sizes are bytes."""

    directory: Path
    fallback: Fallback
    maxsize: int
    minfree: int


@attrs.frozen
class Logs:
    """``application-log``, ``received-log-*``. None is no such file."""

    application_log: tuple[LogStream | Path, ...]
    received_log_file: Path | None
    received_log_format: str


@attrs.frozen
class Process:
    """``user``, ``lock``, ``server-id``."""

    user: str | None
    lock: Path | None
    server_id: str | None


@attrs.frozen
class Dns:
    """``dns-*``. No ``nameserver`` is those of the system."""

    nameserver: tuple[Nameserver, ...]
    timeout: timedelta
    attempts: int
    min_ttl: timedelta


@attrs.frozen
class Database:
    """``database-*``."""

    address: Secret
    ttl: timedelta


@attrs.frozen
class Storage:
    """``storage-*``. ``ttl`` None is for ever; ``threshold`` in bytes."""

    address: Secret | None
    policy: StoragePolicy
    ttl: timedelta | None
    threshold: int


@attrs.frozen
class Www:
    """``www-*``."""

    port: int
    ip: IpAddress
    auth: tuple[BackEndAddress, ...]
    certificate: Path | None
    privatekey: Path | None
    secure_port: int | None
    ciphers: str | None


@attrs.frozen
class Settings:
    """Everything that is configured. Made by ``load``; a test makes variants with ``attrs.evolve``."""

    smtp: Smtp
    dsn: Dsn
    spamassassin: Spamassassin
    rspamd: Rspamd
    dmarc: Dmarc
    rabbitmq: Rabbitmq
    state: State
    queue: Queue
    logs: Logs
    process: Process
    dns: Dns
    database: Database
    storage: Storage
    www: Www
