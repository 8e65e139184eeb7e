"""What a family of failure notices is: the sentences after which it names recipients."""

import attrs


@attrs.frozen
class Family:
    """Failure notices of one program, or of programs that write alike.

    Attributes:
        name: under ``format`` in the report.
        failed: phrases, lower case with single blanks, after which failed addresses are named: in the same line, or one a line below.
        delayed: the same for addresses that are still being tried.
        distinct: whether nobody but such a program writes like this; else the header has to make a failure notice likely.
    """

    name: str
    failed: tuple[str, ...]
    delayed: tuple[str, ...] = ()
    distinct: bool = True
