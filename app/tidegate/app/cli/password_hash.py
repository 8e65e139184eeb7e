"""``tidegate password-hash``."""

import os

import click

from tidegate.app.cli.password import password_of, stdin_option
from tidegate.app.cli.settings_command import SettingsCommand

METHODS = {"yescrypt": "$y$", "sha512": "$6$", "sha256": "$5$", "bcrypt": "$2b$"}


@click.command("password-hash", cls=SettingsCommand, epilog="Exit status: 0, or 78 when this machine cannot make such a hash.")
@click.argument("user", required=False)
@click.option("--method", type=click.Choice(list(METHODS)), default="sha512", show_default=True, help="How the password is hashed.")
@stdin_option
def command(user: str | None, method: str, password_stdin: bool) -> int:
    """Make a line for a password file (smtp-auth: file:///…): USER:HASH, or the hash alone without USER."""
    import secrets

    from tidegate.adapters.auth.libcrypt import BCRYPT_BYTES, crypt, salted
    from tidegate.domain.credentials import Credentials, credentials
    from tidegate.ports.errors import PermanentFailure

    password = password_of(from_stdin=password_stdin, confirm=True)
    presented = credentials((user or "user").encode("utf-8", "surrogateescape"), password.encode("utf-8", "surrogateescape"))
    if not isinstance(presented, Credentials) or ":" in presented.username or presented.username.startswith("#"):
        raise click.UsageError("The user name or password is empty, too long, or holds a colon or control characters.")
    if method == "bcrypt" and len(password.encode()) > BCRYPT_BYTES:
        raise click.UsageError(f"bcrypt looks at {BCRYPT_BYTES} bytes of a password only: take another method.")
    try:
        hashed = crypt(password.encode(), salted(METHODS[method], secrets.token_bytes(32)))
    except PermanentFailure as failure:
        click.echo(f"{click.style('error', fg='red')}: {failure}", err=True)
        return os.EX_CONFIG
    assert hashed is not None
    click.echo(f"{presented.username}:{hashed}" if user else hashed)
    return 0
