"""``tidegate local``."""

from collections.abc import Mapping

import click

from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.re2 import compile_regex
from tidegate.app.cli.managed.lists import YES, InOrder, ManagedList, add_commands, put, read_or_exit, remove, run
from tidegate.app.cli.settings_command import SettingsCommand
from tidegate.domain.address import Mailbox, parse_mailbox
from tidegate.domain.local_addresses import LocalAddresses, Pattern, PatternType, canonical_key

TYPES = tuple(type_.value for type_ in PatternType)


def _read(columns: Mapping[str, str]) -> Pattern:
    type_ = columns.get("type", PatternType.EXACT.value).strip().lower()
    if type_ not in TYPES:
        raise ValueError(f"has the type {type_!r}, which is none of {', '.join(TYPES)}")
    return Pattern.parse(PatternType(type_), columns.get("pattern", ""), compile_regex)


def _drastic(pattern: Pattern) -> str | None:
    if not pattern.is_broad(compile_regex):
        return None
    return f"The pattern {pattern.text!r} matches addresses at any domain: mail from anybody to anybody would be taken as local."


LOCAL: ManagedList[Pattern, Pattern] = ManagedList(
    "local addresses",
    ("pattern", "type"),
    lambda directory: directory.local,
    _read,
    lambda pattern: {"pattern": pattern.text, "type": pattern.type.value},
    lambda pattern: pattern,
    _drastic,
)

_TYPE = click.option(
    "--type", "type_", type=click.Choice(TYPES), default="exact", show_default=True, help="How it is compared; see docs/local-mail.md."
)


@click.group("local", cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The local address list: anyone may send to these addresses, also without login. Changes are in force within seconds."""


@command.command("add", cls=SettingsCommand)
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@_TYPE
@YES
@click.pass_context
def add(ctx: click.Context, patterns: tuple[str, ...], type_: str, yes: bool) -> None:
    """Add addresses, or patterns of them with --type. A whole domain is --type fnmatch '*@example.com'."""
    put(ctx, LOCAL, _patterns(patterns, type_), yes=yes)


@command.command("remove", cls=SettingsCommand)
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@_TYPE
@click.pass_context
def remove_(ctx: click.Context, patterns: tuple[str, ...], type_: str) -> int:
    """Remove entries, in any spelling. Exit status 1 when none was there."""
    return remove(ctx, LOCAL, _patterns(patterns, type_))


add_commands(command, LOCAL)


@command.command("test", cls=SettingsCommand)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_context
def test(ctx: click.Context, addresses: tuple[str, ...]) -> int:
    """Say whether addresses are local, and by which entry. Exit status 1 when one is not."""

    async def look(directory: DatabaseDirectory) -> LocalAddresses:
        return (await directory.snapshot()).local

    local = run(ctx, look)
    lines = [_explained(local, address) for address in addresses]
    click.echo("\n".join(text for _, text in lines))
    return 0 if all(found for found, _ in lines) else 1


def _explained(local: LocalAddresses, address: str) -> tuple[bool, str]:
    mailbox: Mailbox | None = parse_mailbox(address.encode("utf-8", "surrogateescape"))
    if mailbox is None:
        return False, f"{address}: not local: is not an e-mail address"
    match = local.explain(mailbox)
    if match is None:
        return False, f"{address}: not local: nothing matches {canonical_key(mailbox, local.case)}"
    return True, f"{address}: local, by {match.pattern.type.value} {match.pattern.text}, compared as {match.key}"


def _patterns(texts: tuple[str, ...], type_: str) -> list[Pattern]:
    return [read_or_exit(lambda text=text: _read({"pattern": text, "type": type_}), text) for text in texts]  # type: ignore[misc]
