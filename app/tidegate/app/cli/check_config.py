"""``tidegate check-config``."""

import os

import click

from tidegate.app.cli.settings_command import SettingsCommand, load_settings, print_problems
from tidegate.app.config import Loaded, Problem


@click.command(
    "check-config",
    cls=SettingsCommand,
    epilog="Exit status: 0 when the configuration can be used, 78 when it cannot (or, with --strict, when there are warnings).",
)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.pass_context
def command(ctx: click.Context, strict: bool) -> int:
    """Say whether the configuration can be used, and print every error and warning with its place.

    The certificate, and files and programs of smtp-auth, are looked at as the server would; nothing else of the machine is touched: no port is
    bound, no broker asked.
    """
    loaded = load_settings(ctx)
    unusable = _certificate_problems(loaded) + _back_end_problems(loaded)
    print_problems((), unusable)
    if unusable:
        return os.EX_CONFIG
    if loaded.warnings:
        many = len(loaded.warnings) > 1
        click.echo(f"The configuration can be used; there {'are' if many else 'is'} {len(loaded.warnings)} warning{'s' if many else ''}.")
        return os.EX_CONFIG if strict else 0
    click.echo("The configuration can be used.")
    return 0


def _certificate_problems(loaded: Loaded) -> list[Problem]:
    smtp = loaded.settings.smtp
    if smtp.certificate is None or smtp.key is None:
        return []
    from tidegate.adapters.smtp.tls import server_context
    from tidegate.ports.errors import PermanentFailure

    try:
        server_context(smtp.certificate, smtp.key, smtp.ciphers)
    except PermanentFailure as failure:
        return [Problem(loaded.origins["smtp-certificate"], "smtp-certificate", str(failure))]
    return []


def _back_end_problems(loaded: Loaded) -> list[Problem]:
    if not loaded.settings.smtp.auth:
        return []
    from tidegate.app.auth.back_ends import check
    from tidegate.ports.errors import PermanentFailure

    try:
        check(loaded.settings)
    except PermanentFailure as failure:
        return [Problem(loaded.origins["smtp-auth"], "smtp-auth", str(failure).removeprefix("smtp-auth: "))]
    return []
