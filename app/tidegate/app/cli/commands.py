"""The commands of ``tidegate``: one line each. A command's module is imported when it runs, so that help and short commands stay quick."""

import difflib
from importlib import import_module

import attrs
import click


@attrs.frozen
class Entry:
    """One command.

    Attributes:
        module: where it is; its attribute ``command`` is the ``click.Command``.
        help: what it does, one line.
    """

    module: str
    help: str


COMMANDS: dict[str, Entry] = {
    "serve": Entry("tidegate.app.cli.serve", "Run the server."),
    "check-config": Entry("tidegate.app.cli.check_config", "Say whether the configuration can be used, and what is wrong with it."),
    "config": Entry("tidegate.app.cli.config", "Show the settings in effect and where each comes from; explain settings."),
    "queue": Entry("tidegate.app.cli.queue", "Look into the embedded queue, copy documents out of it, move them to RabbitMQ."),
    "local": Entry("tidegate.app.cli.managed.local", "Change and test the list of local addresses."),
    "mta": Entry("tidegate.app.cli.managed.mta", "Change the host names of the server's own addresses."),
    "suspect": Entry("tidegate.app.cli.managed.suspect", "Change the list of addresses that may not connect."),
    "verify": Entry("tidegate.app.cli.verify", "Check a message file: SPF, DKIM, DMARC, ARC and the client's name."),
    "spf": Entry("tidegate.app.cli.spf", "Say whether a client may use an address in MAIL FROM."),
    "classify": Entry("tidegate.app.cli.classify", "Say which kind of report files hold: bounces, receipts, complaints, DMARC, TLS."),
    "schema": Entry("tidegate.app.cli.schema", "Print the JSON Schema of the documents."),
    "explain-ip": Entry("tidegate.app.cli.explain_ip", "Say from which address mail submitted to an address is sent on, and why."),
    "auth-test": Entry("tidegate.app.cli.auth_test", "Try a login, and print what each back end says."),
    "auth-bans": Entry("tidegate.app.cli.auth_bans", "List the clients that may not log in for a while; end their bans."),
    "password-hash": Entry("tidegate.app.cli.password_hash", "Make a line for a password file."),
}
"""In the order of the help page."""


class LazyGroup(click.Group):
    """A group that knows names and help lines of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = import_module(entry.module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names; a wrong name is answered with the nearest one."""
        if args and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.6)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(COMMANDS)}."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands for the help page."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"tidegate {version('tidegate')}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Settings come from /etc/tidegate/config.txt, the files of --config-file, environment variables like TIDEGATE_SMTP_PORT and options "
    "like --smtp-port 2525; the later in this list wins. Every command takes every setting as an option. tidegate config --explain KEY tells "
    "what a setting does.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version and exit.")
def tidegate() -> None:
    """Tidegate takes mail in over SMTP and puts it on queues as JSON, one document per recipient, safe on disk before the client reads 250."""
