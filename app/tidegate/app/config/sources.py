"""The places settings are written in: config files, environment and command line. Each becomes a list of assignments, in order."""

import re
from collections.abc import Mapping, Sequence

import attrs

from tidegate.app.config.problems import Origin, Problem, Source, shown
from tidegate.app.config.table.keys import BY_NAME

MAX_FILE_BYTES = 1024 * 1024
"""A config file beyond this is some other file given by mistake."""

MAX_LINES = 10_000
"""A hundred times the number of keys: more than anyone writes, and each line can be an error."""

CONFIG_FILE = "config-file"
"""The one name that is no key: which files to read. Given on the command line (again for more files) or as ``TIDEGATE_CONFIG_FILE``."""

PREFIXES = ("MAILERQ_", "TIDEGATE_")
"""Beginnings of environment variables, the weaker one first."""

NOT_SETTINGS = frozenset({"TIDEGATE_CORPORA", "TIDEGATE_REMOTE_IP"})
"""Variables of ours that are no settings: where tests find material, and what authentication programs are told."""

_name = re.compile(r"[A-Za-z][A-Za-z0-9_-]*").fullmatch
_no_name = re.compile(r"[^A-Za-z0-9_-]+")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@attrs.frozen
class Assignment:
    """One key with one value, as written.

    Attributes:
        origin: where.
        name: the key as written, in lower case.
        text: the value; from a file with the white space before it and a comment behind it, if any.
    """

    origin: Origin
    name: str
    text: str = attrs.field(repr=False)


def from_file(data: bytes, file: str, layer: int) -> tuple[list[Assignment], list[Problem]]:
    """The assignments of one config file: ``key: value`` lines, split at the first colon.

    Blank lines and lines that begin with ``#`` say nothing. A byte order mark and CRLF line ends are fine. No message quotes a line, which may
    hold a password.
    """
    assignments: list[Assignment] = []
    problems: list[Problem] = []
    whole = Origin(Source.FILE, layer, 0, file)
    if len(data) > MAX_FILE_BYTES:
        return [], [Problem(whole, "", f"is larger than {MAX_FILE_BYTES // 1024} KB: this is no config file")]
    if data.startswith(_UTF16_MARKS):
        return [], [Problem(whole, "", "is in UTF-16: save it as UTF-8")]
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(lines) > MAX_LINES:
        return [], [Problem(whole, "", f"has more than {MAX_LINES} lines: this is no config file")]
    for number, raw in enumerate(lines, start=1):
        origin = attrs.evolve(whole, line=number)
        try:
            line = raw.decode().strip()
        except UnicodeDecodeError:
            problems.append(Problem(origin, "", "this line is not UTF-8"))
            continue
        if not line or line.startswith("#"):
            continue
        name, colon, text = line.partition(":")
        name = name.strip().lower()
        if colon and _name(name):
            assignments.append(Assignment(origin, name, text))
        else:
            problems.append(_no_assignment(origin, name))
    return assignments, problems


def _no_assignment(origin: Origin, before_colon: str) -> Problem:
    # Only names of keys are quoted: anything else may be part of a password.
    joined = _no_name.sub("-", before_colon)
    if joined in BY_NAME:
        return Problem(origin, "", "a key has hyphens, not spaces", nearest=joined)
    word = _no_name.split(before_colon, maxsplit=1)[0]
    if word in BY_NAME:
        return Problem(origin, word, "no colon follows the key", "key: value")
    return Problem(origin, "", "this line is neither a setting nor a comment", "key: value, or a comment that begins with #")


def from_environment(environ: Mapping[str, str]) -> list[Assignment]:
    """The variables that begin with ``TIDEGATE_`` or ``MAILERQ_``; of the same key the ``TIDEGATE_`` one comes last."""
    return [
        Assignment(Origin(Source.ENVIRONMENT, layer, 0, variable), variable.removeprefix(prefix).lower().replace("_", "-"), text)
        for layer, prefix in enumerate(PREFIXES)
        for variable, text in sorted(environ.items())
        if variable.startswith(prefix) and variable not in NOT_SETTINGS
    ]


def from_arguments(arguments: Sequence[str]) -> tuple[list[Assignment], list[Problem]]:
    """The settings of a command line: ``--key value`` and ``--key=value``. A value that begins with ``--`` needs the second form."""
    assignments: list[Assignment] = []
    problems: list[Problem] = []
    rest = list(reversed(arguments))
    while rest:
        origin = Origin(Source.COMMAND_LINE, line=len(arguments) - len(rest) + 1)
        argument = rest.pop()
        name, equals, text = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not _name(name):
            problems.append(Problem(origin, "", "an argument is no setting", "--key value or --key=value"))
        elif equals:
            assignments.append(Assignment(origin, name.lower(), text))
        elif rest and not rest[-1].startswith("--"):
            assignments.append(Assignment(origin, name.lower(), rest.pop()))
        else:
            problems.append(Problem(origin, shown(name), "no value follows", "--key value or --key=value (--key= for an empty one)"))
    return assignments, problems
