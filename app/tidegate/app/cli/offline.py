"""What the commands that check mail by hand have in common: their options, their clock and their DNS, which may come from a file."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

if TYPE_CHECKING:
    from tidegate.app.config import Settings
    from tidegate.domain.ip_address import IpAddress
    from tidegate.ports.resolver import Resolver

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

MAX_ZONE_BYTES = 64 * 1024 * 1024

_is_seconds = re.compile(r"[0-9]{1,12}").fullmatch


def _ip(text: str) -> "IpAddress":
    from tidegate.domain.ip_address import parse

    try:
        return parse(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not an IP address") from None


def _time(text: str) -> datetime:
    try:
        found = datetime.fromtimestamp(int(text), UTC) if _is_seconds(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(f"{text!r} is not a time like 2026-11-22T12:00:00Z or 1795000000") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ip_option(help_text: str, *, required: bool = False) -> "Option":
    """``--ip``: an address; IPv4-mapped ones are taken for the IPv4 address they are."""
    return click.option("--ip", type=_ip, metavar="ADDRESS", required=required, help=help_text)


zone_option = click.option(
    "--zone",
    type=click.Path(dir_okay=False, path_type=Path),
    help='Answer every DNS query from this JSON file: {"name": [["TYPE", data], ...]}. Default: the name servers.',
)
at_option = click.option("--at", type=_time, metavar="TIME", help="Check as if it were this time (ISO 8601, or seconds since 1970).")
explain_option = click.option("--explain", is_flag=True, help="Print the way to each verdict to standard error.")


def resolver_of(zone: Path | None, settings: "Settings") -> "Resolver":
    """The zone file's answers, or the configured name servers'.

    Raises:
        click.BadParameter: the file cannot be used; says what is wrong and where.
    """
    if zone is None:
        from tidegate.app.wiring import resolver

        return resolver(settings)
    from tidegate.adapters.memory.static_resolver import StaticResolver

    try:
        if zone.stat().st_size > MAX_ZONE_BYTES:
            raise click.BadParameter(f"{zone} is larger than {MAX_ZONE_BYTES // 1024 // 1024} MiB", param_hint="--zone")
        return StaticResolver.of(orjson.loads(zone.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(f"{zone} is not JSON: {error}", param_hint="--zone") from None
    except ValueError as error:
        raise click.BadParameter(f"{zone}: {error}", param_hint="--zone") from None
    except OSError as error:
        raise click.BadParameter(f"{zone} cannot be read: {error.strerror}", param_hint="--zone") from None


def present() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
