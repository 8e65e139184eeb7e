"""``tidegate auth-test``."""

import os
from typing import TYPE_CHECKING

import click

from tidegate.app.cli.log_records import LogRecords
from tidegate.app.cli.password import password_of, stdin_option
from tidegate.app.cli.settings_command import SettingsCommand, load_settings

if TYPE_CHECKING:
    from tidegate.app.auth.chain import BackEnd
    from tidegate.domain.credentials import Credentials


@click.command(
    "auth-test",
    cls=SettingsCommand,
    epilog="Exit status: 0 when the login is accepted, 1 when it is refused, 75 when a back end is not available, 78 when the configuration "
    "cannot be used.",
)
@click.argument("user")
@stdin_option
@click.option("--remote-ip", default="127.0.0.1", show_default=True, help="Client address that back ends are told.")
@click.pass_context
def command(ctx: click.Context, user: str, password_stdin: bool, remote_ip: str) -> int:
    """Try a login against the back ends of smtp-auth, and print what each of them says.

    No client is delayed or banned for it, and no success is remembered. Accounts of the system (users://) are asked for through the server that
    runs, as root or as the server's user.
    """
    import asyncio

    from tidegate.app.auth import back_ends
    from tidegate.domain.credentials import Credentials, credentials
    from tidegate.ports.errors import PortError

    settings = load_settings(ctx).settings
    if not settings.smtp.auth:
        click.echo("smtp-auth is not set: nobody can log in.", err=True)
        return os.EX_CONFIG
    password = password_of(from_stdin=password_stdin)
    presented = credentials(user.encode("utf-8", "surrogateescape"), password.encode("utf-8", "surrogateescape"), remote_ip)
    if not isinstance(presented, Credentials):
        click.echo("refused: empty, too long, or with characters that no account can have; no back end is asked", err=True)
        return 1
    with LogRecords() as told:
        try:
            back_ends.check(settings)
            status = asyncio.run(_ask_all(back_ends.make(settings), presented))
        except PortError as failure:
            click.echo(f"{click.style('error', fg='red')}: {failure}", err=True)
            return os.EX_CONFIG
    for text in dict.fromkeys(told.texts):  # each look at a file says the same
        click.echo(f"{click.style('warning', fg='yellow')}: {text}", err=True)
    return status


async def _ask_all(asked: "list[BackEnd]", presented: "Credentials") -> int:
    from tidegate.ports.authenticator import AuthVerdict

    decision: AuthVerdict | None = None
    for back_end in asked:
        verdict = await back_end.authenticator.authenticate(presented)
        click.echo(f"{verdict.value:<12} {back_end.name}")
        if decision is None and verdict is not AuthVerdict.REFUSED:
            decision = verdict  # the first that does not refuse decides, as in the server
        await back_end.authenticator.close()
    decision = decision or AuthVerdict.REFUSED
    replies = {AuthVerdict.ACCEPTED: "235", AuthVerdict.REFUSED: "535 5.7.8", AuthVerdict.UNAVAILABLE: "454 4.7.0"}
    click.echo(f"A client would be answered {replies[decision]}.")
    return {AuthVerdict.ACCEPTED: 0, AuthVerdict.REFUSED: 1, AuthVerdict.UNAVAILABLE: os.EX_TEMPFAIL}[decision]
