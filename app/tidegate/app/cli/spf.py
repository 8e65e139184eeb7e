"""``tidegate spf``."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from tidegate.app.cli.offline import at_option, explain_option, ip_option, present, resolver_of, zone_option
from tidegate.app.cli.settings_command import SettingsCommand, load_settings
from tidegate.domain.ip_address import IpAddress


@click.command(
    "spf",
    cls=SettingsCommand,
    epilog='Prints {"spf": "pass", "smtp.mailfrom": "..."} with a reason where it is not a pass, and the domain owner\'s own explanation of a '
    "fail where there is one. docs/checks.md tells what every word means.",
)
@ip_option("Address of the client.", required=True)
@click.option("--helo", default="", help="What the client said in EHLO.")
@click.option("--mail-from", "sender", default="", help="Reverse path; empty is <>, which checks --helo.")
@zone_option
@at_option
@explain_option
@click.pass_context
def command(ctx: click.Context, ip: IpAddress, helo: str, sender: str, zone: Path | None, at: datetime | None, explain: bool) -> int:
    """Say whether a client may use an address in MAIL FROM (SPF, RFC 7208)."""
    from tidegate.app.checks.driver import Lookup
    from tidegate.app.checks.message_checks import TIMEOUT_S
    from tidegate.app.reception.json_encoding import orjson_dumps
    from tidegate.domain.checks.lookups import Trace
    from tidegate.domain.checks.spf import evaluate
    from tidegate.domain.checks.verdict import SpfResult

    if not helo and not sender:
        raise click.UsageError("Give --mail-from, or for a bounce, which has none, --helo.")
    settings = load_settings(ctx, warn=False).settings
    resolver = resolver_of(zone, settings)
    trace = Trace() if explain else None

    async def check() -> SpfResult:
        lookup = Lookup(resolver, asyncio.get_running_loop().time() + TIMEOUT_S)
        receiver = settings.smtp.hostname or "unknown"
        try:
            return await lookup.complete(
                evaluate(ip, helo, sender.removeprefix("<").removesuffix(">"), now=at or present(), receiver=receiver, trace=trace)
            )
        finally:
            await lookup.close()

    result = asyncio.run(check())
    entry = result.entry()
    if result.explanation is not None:
        entry["explanation"] = result.explanation
    for line in trace.lines if trace else ():
        click.echo(line, err=True)
    click.echo(orjson_dumps(entry).decode())
    return 0
