"""``tidegate verify``."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

import click

from tidegate.app.cli.offline import at_option, explain_option, ip_option, present, resolver_of, zone_option
from tidegate.app.cli.settings_command import SettingsCommand, load_settings
from tidegate.domain.ip_address import IpAddress

MAX_MESSAGE_BYTES = 512 * 1024 * 1024

STDIN = "-"


@click.command(
    "verify",
    cls=SettingsCommand,
    epilog='Prints {"checks": [...]} as documents have it: SPF and iprev (with --ip), DKIM, DMARC and ARC. A MESSAGE with bare LF line ends is '
    "read as if they were CRLF; - is standard input. docs/checks.md tells what every word means.",
)
@click.argument("place", metavar="MESSAGE", type=click.Path(path_type=str))
@ip_option("Address of the client. Without it SPF and iprev are left out.")
@click.option("--helo", default="", help="What the client said in EHLO.")
@click.option("--mail-from", "sender", default="", help="Reverse path; empty is <>.")
@zone_option
@at_option
@explain_option
@click.option("--profile", type=click.Choice(["rfc9989", "rfc7489"]), help="Rules of DMARC. Default: the setting dmarc-profile.")
@click.pass_context
def command(
    ctx: click.Context,
    place: str,
    ip: IpAddress | None,
    helo: str,
    sender: str,
    zone: Path | None,
    at: datetime | None,
    explain: bool,
    profile: str | None,
) -> int:
    """Check a message: SPF, DKIM, DMARC, ARC and the client's name, as the server would when it comes in."""
    from tidegate.adapters.dkim import verify_signature
    from tidegate.app.checks.message_checks import MessageChecks
    from tidegate.app.checks.sender import Origin
    from tidegate.app.config.values import Check, DmarcProfile
    from tidegate.app.reception.json_encoding import orjson_dumps
    from tidegate.domain.checks.lookups import Trace
    from tidegate.domain.checks.verdict import CheckResult
    from tidegate.domain.headers import HeaderLimits, HeaderProblem, inspect

    settings = load_settings(ctx, warn=False).settings
    message = _read(place)
    # A file from disk is checked whatever it is: what the server would refuse for its size has signatures too.
    header = inspect(message, HeaderLimits(len(message) + 1, len(message) + 1, len(message) + 1))
    assert not isinstance(header, HeaderProblem)
    registrable = None
    if DmarcProfile(profile or settings.dmarc.profile) is DmarcProfile.RFC7489:
        from tidegate.adapters.public_suffix import registrable_domains

        registrable = registrable_domains()
    checks = MessageChecks(
        frozenset((Check.SPF, Check.DKIM, Check.DMARC, Check.ARC)),
        resolver_of(zone, settings),
        (lambda: at) if at is not None else present,
        verify_signature,
        registrable,
        iprev=True,
    )
    origin = None if ip is None else Origin(ip, helo, sender.removeprefix("<").removesuffix(">"))
    trace = Trace() if explain else None

    async def check() -> tuple[CheckResult, ...]:
        return await checks.check_message(header, origin, settings.smtp.hostname or "unknown", trace=trace)

    results = asyncio.run(check())
    for line in trace.lines if trace else ():
        click.echo(line, err=True)
    click.echo(orjson_dumps({"checks": [result.entry() for result in results]}).decode())
    return 0


def _read(place: str) -> bytes:
    """The message with CRLF line ends."""
    try:
        if place == STDIN:
            message = sys.stdin.buffer.read(MAX_MESSAGE_BYTES + 1)
        else:
            with Path(place).open("rb") as file:
                message = file.read(MAX_MESSAGE_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{click.format_filename(place)} cannot be read: {error.strerror}") from None
    if len(message) > MAX_MESSAGE_BYTES:
        raise click.ClickException(f"{click.format_filename(place)} is larger than {MAX_MESSAGE_BYTES // 1024 // 1024} MiB")
    # Mail at rest on a UNIX disk has LF; a message with any CRLF is taken as it is.
    return message if b"\r\n" in message else message.replace(b"\n", b"\r\n")
