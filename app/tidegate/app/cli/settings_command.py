"""Commands that take settings as options, ``--config-file`` among them, and the way from there to a loaded configuration."""

import difflib
import os
from collections.abc import Collection, Iterable

import click

from tidegate.app.cli.surroundings import Surroundings
from tidegate.app.config import ConfigErrors, Loaded, Problem, load
from tidegate.app.config.load import read_from_disk
from tidegate.app.config.sources import CONFIG_FILE
from tidegate.app.config.table.elsewhere import SUPERSEDED
from tidegate.app.config.table.keys import BY_NAME, IGNORED

_SETTINGS = "tidegate.settings"
_SETTING_NAMES = {CONFIG_FILE, *BY_NAME, *IGNORED, *SUPERSEDED}
_NEAR = 0.75
"""Likeness from which an unknown option is taken for a misspelt option of the command; below, for a misspelt setting."""

_MAX_OPTION = 64
"""Characters of an unknown option that are compared with known ones."""


class SettingsCommand(click.Command):
    """A command with options of its own that takes every setting too.

    Each ``--key value`` whose key is a setting, or unknown, is kept for :func:`load_settings`; the rest is parsed by click as usual.
    """

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options for the help page, then the settings."""
        super().format_options(ctx, formatter)
        with formatter.section("Settings"):
            formatter.write_dl(
                [
                    (f"--{CONFIG_FILE} FILE", "Read this file after /etc/tidegate/config.txt; may be repeated."),
                    ("--KEY VALUE", "Set what a line KEY: VALUE in the file would set, like --smtp-port 2525."),
                ]
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the settings out, then parse the rest."""
        own = {
            name: param for param in self.get_params(ctx) if isinstance(param, click.Option) for name in (*param.opts, *param.secondary_opts)
        }
        ctx.meta[_SETTINGS] = settings = list[str]()
        rest: list[str] = []
        waiting = list(reversed(args))
        while waiting:
            argument = waiting.pop()
            option, equals, _ = argument.partition("=")
            if argument == "--":
                rest += [argument, *reversed(waiting)]
                break
            if _is_setting(option, own):
                settings.append(argument)
                if not equals and waiting and not waiting[-1].startswith("--"):
                    settings.append(waiting.pop())
            else:
                rest.append(argument)
                # The value of an option of our own is no setting, whatever it looks like.
                if option in own and not equals and not own[option].is_flag and not own[option].count and waiting:
                    rest.append(waiting.pop())
        return super().parse_args(ctx, rest)


def _is_setting(option: str, own: Collection[str]) -> bool:
    if not option.startswith("--"):
        return False
    if option.removeprefix("--").lower() in _SETTING_NAMES:
        return True
    return option not in own and not difflib.get_close_matches(option[:_MAX_OPTION], list(own), cutoff=_NEAR)


def load_settings(ctx: click.Context, *, warn: bool = True) -> Loaded:
    """The configuration of this run; warnings are printed to standard error.

    Args:
        ctx: of the running command.
        warn: False for commands that serve nobody: what the warnings say does not concern them.

    Raises:
        click.exceptions.Exit: with status 78 after all errors have been printed.
    """
    try:
        loaded = read_settings(ctx)
    except ConfigErrors as found:
        print_problems(found.warnings, found.errors)
        raise click.exceptions.Exit(os.EX_CONFIG) from None
    if warn:
        print_problems(loaded.warnings)
    return loaded


def read_settings(ctx: click.Context) -> Loaded:
    """The configuration as it is now; nothing is printed.

    Raises:
        ConfigErrors: it cannot be used.
    """
    surroundings = ctx.ensure_object(Surroundings)
    return load(ctx.meta[_SETTINGS], surroundings.environ, surroundings.read_file or read_from_disk)


def print_problems(warnings: Iterable[Problem], errors: Iterable[Problem] = ()) -> None:
    """Warnings and errors to standard error, one after the other."""
    for word, colour, problems in (("warning", "yellow", warnings), ("error", "red", errors)):
        for problem in problems:
            click.echo(f"{click.style(word, fg=colour)}: {problem}", err=True)
