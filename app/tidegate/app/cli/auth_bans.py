"""``tidegate auth-bans``."""

import os

import click

from tidegate.app.cli.settings_command import SettingsCommand, load_settings


@click.command(
    "auth-bans",
    cls=SettingsCommand,
    epilog="Exit status: 0; 1 when a client that is to be freed is not banned; 78 when the list cannot be read or changed.",
)
@click.option("--lift", "lifted", multiple=True, metavar="ADDRESS", help="End the ban of this client; may be repeated.")
@click.option("--lift-all", is_flag=True, help="End all bans.")
@click.pass_context
def command(ctx: click.Context, lifted: tuple[str, ...], lift_all: bool) -> int:
    """List the clients that may not log in for a while, because they have failed too often; or end their bans.

    A ban holds for all workers of this machine and ends by itself after 15 minutes. An IPv6 address stands for its network of 64 bits.
    """
    from datetime import UTC, datetime

    from tidegate.adapters.ban_folder import FolderBanList
    from tidegate.app.wiring import ban_folder
    from tidegate.domain.login_limits import client_of
    from tidegate.ports.errors import PortError

    settings = load_settings(ctx, warn=False).settings
    bans = FolderBanList(ban_folder(settings))
    status = 0
    try:
        now = datetime.now(UTC)
        banned = bans.bans(now)
        if not lifted and not lift_all:
            for client, until in banned.items():
                click.echo(f"{client:<40} until {until:%Y-%m-%d %H:%M:%S} UTC")
            if not banned:
                click.echo("No client is banned.", err=True)
            return 0
        for text in [*lifted, *(banned if lift_all else ())]:
            try:
                client = client_of(text.removesuffix("/64"))
            except ValueError:
                raise click.BadParameter(f"{text!r} is not an IP address", ctx, param_hint="--lift") from None
            if bans.lift(client):
                click.echo(f"{client} may log in again.")
            elif not lift_all:
                click.echo(f"{client} is not banned.", err=True)
                status = 1
    except PortError as failure:
        click.echo(f"{click.style('error', fg='red')}: {failure}", err=True)
        return os.EX_CONFIG
    return status
