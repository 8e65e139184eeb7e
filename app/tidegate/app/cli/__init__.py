"""The command line. ``main`` is the program ``tidegate``."""

import os
import sys
from collections.abc import Sequence

from tidegate.app.cli.surroundings import Surroundings


def main(argv: Sequence[str] | None = None, surroundings: Surroundings | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the name of the program; those of the process by default.
        surroundings: environment and files that the configuration is read from; those of the machine by default.

    Returns:
        The exit status: 0, what the command returned, 2 for a wrong use, 69 (``EX_UNAVAILABLE``) where only the library is installed, 78
        (``EX_CONFIG``) for a configuration that cannot be used.
    """
    try:
        import click
    except ModuleNotFoundError:
        print("tidegate: this installation holds the library alone. The program needs: pip install 'tidegate[app]'", file=sys.stderr)
        return os.EX_UNAVAILABLE
    from tidegate.app.cli.commands import tidegate

    try:
        result: object = tidegate.main(
            args=None if argv is None else list(argv), prog_name="tidegate", standalone_mode=False, obj=surroundings or Surroundings()
        )
    except click.Abort:
        return 130  # what a shell shows for SIGINT
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return result if isinstance(result, int) else 0
