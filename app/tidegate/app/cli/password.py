"""Where commands get a password from."""

import getpass
import sys
import warnings

import click

stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input instead of asking for it."
)


def password_of(*, from_stdin: bool, confirm: bool = False) -> str:
    """The password: the first line of standard input, or what is typed at the terminal, unseen.

    Raises:
        click.UsageError: it was to be asked for, and there is no terminal.
        click.Abort: the question was left.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    with warnings.catch_warnings():
        # Without a terminal it would be read, and seen, from wherever standard input comes.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return str(click.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True))
        except getpass.GetPassWarning:
            raise click.UsageError("There is no terminal to ask for the password: give it on standard input, with --password-stdin.") from None
