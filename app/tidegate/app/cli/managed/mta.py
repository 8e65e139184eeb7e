"""``tidegate mta``."""

from collections.abc import Mapping

import click

from tidegate.app.cli.managed.lists import InOrder, ManagedList, add_commands, put, read_or_exit, remove, run
from tidegate.app.cli.settings_command import SettingsCommand
from tidegate.domain.managed_state import MtaName, parse_address


def _read(columns: Mapping[str, str]) -> MtaName:
    return MtaName.parse(columns.get("ip", ""), columns.get("name", ""))


MTA: ManagedList[MtaName, str] = ManagedList(
    "host names per address",
    ("ip", "name"),
    lambda directory: directory.mta,
    _read,
    lambda name: {"ip": name.ip, "name": name.name},
    lambda name: name.ip,
)


@click.group("mta", cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Host names of this server's own addresses: what a client reads in the greeting. Changes are in force within seconds."""


@command.command("add", cls=SettingsCommand)
@click.argument("ip")
@click.argument("name")
@click.pass_context
def add(ctx: click.Context, ip: str, name: str) -> None:
    """Present the server as NAME to clients that connect to IP, in place of smtp-hostname and reverse DNS."""
    put(ctx, MTA, [read_or_exit(lambda: MtaName.parse(ip, name), f"{ip} {name}")], yes=True)


@command.command("remove", cls=SettingsCommand)
@click.argument("ips", metavar="IP...", nargs=-1, required=True)
@click.pass_context
def remove_(ctx: click.Context, ips: tuple[str, ...]) -> int:
    """Remove the names of addresses. Exit status 1 when none had one."""
    return remove(ctx, MTA, [read_or_exit(lambda ip=ip: parse_address(ip), ip) for ip in ips])  # type: ignore[misc]


add_commands(command, MTA)


@command.command("test", cls=SettingsCommand)
@click.argument("ip")
@click.pass_context
def test(ctx: click.Context, ip: str) -> int:
    """Say which name an address has in this list. Exit status 1 when it has none."""
    address = read_or_exit(lambda: parse_address(ip), ip)
    name = run(ctx, lambda directory: directory.snapshot()).mta_names.get(address)
    click.echo(f"{address}: {name or 'no name in this list'}")
    return 0 if name else 1
