"""``tidegate check-config``."""

import os
import time

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
    unusable, warnings = _certificate_problems(loaded)
    unusable += _back_end_problems(loaded)
    print_problems(warnings, unusable)
    if unusable:
        return os.EX_CONFIG
    if count := len(loaded.warnings) + len(warnings):
        click.echo(f"The configuration can be used; there {'are' if count > 1 else 'is'} {count} warning{'s' if count > 1 else ''}.")
        return os.EX_CONFIG if strict else 0
    click.echo("The configuration can be used.")
    return 0


def _certificate_problems(loaded: Loaded) -> tuple[list[Problem], list[Problem]]:
    """Errors and warnings."""
    smtp = loaded.settings.smtp
    if smtp.certificate is None or smtp.key is None:
        return [], []
    from tidegate.adapters.smtp.tls import server_context
    from tidegate.app.tls_warnings import tls_warnings
    from tidegate.ports.errors import PermanentFailure

    try:
        context = server_context(smtp.certificate, smtp.key, smtp.ciphers)
    except PermanentFailure as failure:
        return [Problem(loaded.origins["smtp-certificate"], "smtp-certificate", str(failure))], []
    return [], [Problem(loaded.origins[name], name, wrong) for name, wrong in tls_warnings(loaded.settings, context, time.time())]


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
