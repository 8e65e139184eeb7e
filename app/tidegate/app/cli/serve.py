"""``tidegate serve``."""

import click

from tidegate.app.cli.settings_command import SettingsCommand, load_settings, read_settings
from tidegate.app.config import ConfigErrors
from tidegate.app.config.settings import Settings


@click.command(
    "serve",
    cls=SettingsCommand,
    epilog="SIGTERM: finish what is under way, then stop. SIGHUP: read configuration, certificates and lists again; a configuration that "
    "cannot be used changes nothing. Exit status: 0 after SIGTERM, 78 when the configuration cannot be used.",
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Run the server: accept mail over SMTP and put it on queues."""
    import logging
    import os

    from tidegate.app.service import Service
    from tidegate.ports.errors import PortError

    log = logging.getLogger("tidegate.config")

    def load_again() -> Settings | None:
        try:
            loaded = read_settings(ctx)
        except ConfigErrors as found:
            for problem in found.errors:
                log.error("configuration", extra={"problem": str(problem)})
            return None
        for problem in loaded.warnings:
            log.warning("configuration", extra={"problem": str(problem)})
        return loaded.settings

    loaded = load_settings(ctx)
    try:
        return Service(load_again).run(loaded.settings)
    except PortError as failure:
        click.echo(f"{click.style('error', fg='red')}: {failure}", err=True)
        return os.EX_CONFIG
