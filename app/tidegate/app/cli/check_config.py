"""``tidegate check-config``."""

import os
import time

import click

from tidegate.app.cli.log_records import LogRecords
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

    The certificate, files and programs of smtp-auth, TLS files for the broker and the account of user are looked at as the server would;
    nothing else of the machine is touched: no port is bound, no folder made, no broker asked.
    """
    loaded = load_settings(ctx)
    warnings: list[Problem] = []
    unusable = [
        *_certificate_problems(loaded, warnings),
        *_back_end_problems(loaded, warnings),
        *_broker_problems(loaded),
        *_user_problems(loaded),
    ]
    print_problems(warnings, unusable)
    if unusable:
        return os.EX_CONFIG
    if count := len(loaded.warnings) + len(warnings):
        click.echo(f"The configuration can be used; there {'are' if count > 1 else 'is'} {count} warning{'s' if count > 1 else ''}.")
        return os.EX_CONFIG if strict else 0
    click.echo("The configuration can be used.")
    return 0


def _certificate_problems(loaded: Loaded, warnings: list[Problem]) -> list[Problem]:
    smtp = loaded.settings.smtp
    if smtp.certificate is None or smtp.key is None:
        return []
    from tidegate.adapters.smtp.tls import server_context
    from tidegate.app.tls_warnings import tls_warnings
    from tidegate.ports.errors import PermanentFailure

    try:
        context = server_context(smtp.certificate, smtp.key, smtp.ciphers)
    except PermanentFailure as failure:
        return [Problem(loaded.origins["smtp-certificate"], "smtp-certificate", str(failure))]
    warnings += [Problem(loaded.origins[name], name, wrong) for name, wrong in tls_warnings(loaded.settings, context, time.time())]
    return []


def _back_end_problems(loaded: Loaded, warnings: list[Problem]) -> list[Problem]:
    if not loaded.settings.smtp.auth:
        return []
    from tidegate.app.auth.back_ends import check
    from tidegate.ports.errors import PermanentFailure

    origin = loaded.origins["smtp-auth"]
    try:
        with LogRecords() as told:
            check(loaded.settings)
    except PermanentFailure as failure:
        return [Problem(origin, "smtp-auth", str(failure).removeprefix("smtp-auth: "))]
    warnings += [Problem(origin, "smtp-auth", text) for text in told.texts]
    return []


def _broker_problems(loaded: Loaded) -> list[Problem]:
    if not any(address.tls for address in loaded.settings.rabbitmq.address):
        return []
    from tidegate.app.wiring import check_broker
    from tidegate.ports.errors import PermanentFailure

    try:
        check_broker(loaded.settings)
    except PermanentFailure as failure:
        return [Problem(loaded.origins["rabbitmq-address"], "rabbitmq-address", str(failure))]
    return []


def _user_problems(loaded: Loaded) -> list[Problem]:
    user = loaded.settings.process.user
    if user is None:
        return []
    from tidegate.app.supervisor.privileges import account_of
    from tidegate.ports.errors import PermanentFailure

    try:
        account_of(user)
    except PermanentFailure:
        return [Problem(loaded.origins["user"], "user", f"there is no account {user!r} on this machine")]
    return []
