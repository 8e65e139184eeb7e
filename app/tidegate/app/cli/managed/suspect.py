"""``tidegate suspect``."""

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from tidegate.app.cli.managed.lists import YES, InOrder, ManagedList, add_commands, every, put, read_or_exit, remove, run
from tidegate.app.cli.settings_command import SettingsCommand
from tidegate.app.config.kinds.scalars import duration
from tidegate.domain.managed_state import Suspect, networks_of, parse_address

LARGE = {4: 8, 6: 20}
"""Prefix lengths from which on down a network is so large that somebody should be asked."""

_SPAN = duration(1, 100 * 365 * 86400, "7d")


def moment(text: str, now: datetime) -> datetime | None:
    """``7d`` from now on, or a moment like ``2026-12-31T12:00:00Z``; empty is never.

    Raises:
        ValueError: neither.
    """
    text = text.strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        span = _SPAN.parse(text)
        return now + span  # type: ignore[operator]  # a timedelta
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.astimezone(UTC)


def _read(columns: Mapping[str, str]) -> Suspect:
    hits = columns.get("hits", "0")
    if not (hits.isascii() and hits.isdigit() and len(hits) < 19):
        raise ValueError(f"has {hits[:20]!r} hits, which is no number")
    return Suspect.parse(
        columns.get("network", ""), columns.get("reason", ""), moment(columns.get("expires", ""), datetime.now(UTC)), int(hits)
    )


def _show(suspect: Suspect) -> dict[str, object]:
    expires = None if suspect.expires is None else suspect.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"network": suspect.network, "reason": suspect.reason, "expires": expires, "hits": suspect.hits}


def _drastic(suspect: Suspect) -> str | None:
    network, _, length = suspect.network.partition("/")
    if not length or int(length) > LARGE[6 if ":" in network else 4]:
        return None
    return f"The network {suspect.network} is a large part of the Internet: none of its clients could connect."


SUSPECTS: ManagedList[Suspect, str] = ManagedList(
    "suspect networks",
    ("network", "reason", "expires", "hits"),
    lambda directory: directory.suspects,
    _read,
    _show,
    lambda suspect: suspect.network,
    _drastic,
)


@click.group("suspect", cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Addresses that may not connect while smtp-protection is on. Changes are in force within seconds."""


@command.command("add", cls=SettingsCommand)
@click.argument("networks", metavar="NETWORK...", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, for whoever reads the list.")
@click.option("--expires", default="", metavar="WHEN", help="7d, 12h, or a moment like 2026-12-31T12:00:00Z; never without it.")
@YES
@click.pass_context
def add(ctx: click.Context, networks: tuple[str, ...], reason: str, expires: str, yes: bool) -> None:
    """Refuse connections from addresses or networks (CIDR). One that is there gets the new reason and expiry, and keeps its hits."""
    try:
        until = moment(expires, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(f"{error}; write 7d, 12h, or a moment like 2026-12-31T12:00:00Z", param_hint="--expires") from None
    records = [read_or_exit(lambda text=text: Suspect.parse(text, reason, until), text) for text in networks]  # type: ignore[misc]
    put(ctx, SUSPECTS, records, yes=yes)


@command.command("remove", cls=SettingsCommand)
@click.argument("networks", metavar="NETWORK...", nargs=-1, required=True)
@click.pass_context
def remove_(ctx: click.Context, networks: tuple[str, ...]) -> int:
    """Let addresses or networks in again. Exit status 1 when none was there."""
    return remove(ctx, SUSPECTS, [read_or_exit(lambda text=text: Suspect.parse(text), text).network for text in networks])  # type: ignore[misc]


add_commands(command, SUSPECTS)


@command.command("test", cls=SettingsCommand)
@click.argument("ip")
@click.pass_context
def test(ctx: click.Context, ip: str) -> int:
    """Say whether an address is suspected, and by which entries. Exit status 1 when it is not."""
    address = read_or_exit(lambda: parse_address(ip), ip)
    holding = set(networks_of(address))
    now = datetime.now(UTC)
    found = run(ctx, lambda directory: every(directory.suspects, SUSPECTS.key))
    named = [suspect for suspect in found if suspect.network in holding]
    for suspect in named:
        state = "suspected" if suspect.in_force(now) else "no longer suspected"
        until = f", until {_show(suspect)['expires']}" if suspect.expires else ""
        click.echo(f"{address}: {state}, by {suspect.network}{f' ({suspect.reason})' if suspect.reason else ''}{until}, {suspect.hits} hits")
    if not named:
        click.echo(f"{address}: not suspected")
    return 0 if any(suspect.in_force(now) for suspect in named) else 1
