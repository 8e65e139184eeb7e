"""``tidegate explain-ip``."""

import click

from tidegate.app.cli.settings_command import SettingsCommand, load_settings


@click.command("explain-ip", cls=SettingsCommand)
@click.argument("address")
@click.pass_context
def command(ctx: click.Context, address: str) -> int:
    """Say from which address mail is sent on that clients submit to ADDRESS, and why."""
    from tidegate.app.wiring import source_mapping
    from tidegate.domain.ip_address import canonical
    from tidegate.domain.source_ips import explain

    settings = load_settings(ctx, warn=False).settings
    try:
        local_ip = canonical(address)
    except ValueError:
        raise click.BadParameter(f"{address!r} is not an IP address", param_hint="ADDRESS") from None
    click.echo(explain(local_ip, source_mapping(settings), [str(ip) for ip in settings.smtp.default_ips]))
    return 0
