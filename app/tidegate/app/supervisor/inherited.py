"""What a process inherits from whoever started it, made harmless."""

import os

NOT_FOR_OTHERS = 0o002
"""Whatever umask there was: nobody but owner and group may write to a file of ours, the logs above all."""


def make_harmless() -> None:
    """Call it first of all.

    Standard streams that are closed are opened on ``/dev/null``: else the next file or connection would get the number of one, and whatever
    prints would write into it.
    """
    os.umask(os.umask(0o077) | NOT_FOR_OTHERS)
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, and those below are taken
            os.set_inheritable(descriptor, True)
