"""The reference page of all keys, made from the table: ``python -m tidegate.app.config.reference > docs/config.md``."""

import textwrap
from collections.abc import Iterator

from tidegate.app.config.kinds.kind import Hash
from tidegate.app.config.load import DEFAULT_FILE, load
from tidegate.app.config.problems import ConfigErrors
from tidegate.app.config.table.elsewhere import ELSEWHERE, SUPERSEDED
from tidegate.app.config.table.key import Key, Status
from tidegate.app.config.table.keys import GROUPS, KEYS

_BROKEN = """\
smtp-port: 25,70000
smtp-secure-port: 465
smtp-maxsise: 25MB
smtp-range: 10.0.0.1/8
"""
"""A config file for the example of errors."""

_INTRODUCTION = """\
# Configuration

This page is made from the table of keys by `make docs`; change the table, not the page.

Tidegate reads the config files of MailerQ: every key of its SMTP server keeps its name and meaning. Keys that Tidegate brought are
marked *ours*. `tidegate check-config` says whether a configuration can be used, `tidegate config` shows the settings in effect and where
each comes from, and `tidegate config --explain KEY` prints one entry of this page.

## Where settings come from

From the weakest to the strongest:

1. the defaults on this page;
2. `{default_file}`, if it is there;
3. the files named by `--config-file FILE` (may be repeated) or else by the variable `TIDEGATE_CONFIG_FILE`, in their order;
4. environment variables: `TIDEGATE_` and the key in capitals with `_` for `-`, as in `TIDEGATE_SMTP_PORT`. `MAILERQ_SMTP_PORT` is read
   too and is weaker;
5. the command line: `--smtp-port 2525` or `--smtp-port=2525`, with every command.

Anyone on the machine can see the command line of a process: give passwords in a file or in the environment. Empty text in a stronger
place takes back what a weaker one says. A variable that begins with `TIDEGATE_` or `MAILERQ_` and names no key is ignored with a warning,
because orchestrators make such variables of their own.

## The file

    # a comment
    smtp-port: 25,2525        # another comment
    rabbitmq-inbox:

- One `key: value` a line, in UTF-8, split at the first colon. White space around key and value does not count, nor does the case of a
  key. A byte order mark and CRLF line ends are fine.
- A line that begins with `#` is a comment. So is the rest of a line from a `#` with white space before it; any other `#` belongs to the value
  (`amqp://user:pa#ss@host`). In {literal} every `#` does. In keys that may hold a password, a `#` after white space is an error:
  cutting a password short would go unnoticed. In the environment and on the command line `#` is an ordinary character.
- An empty value is allowed. It means what *Empty* says below, or else the default.
- Of a repeated key the last one counts, with a warning. {repeatable} may be repeated: each line adds a value.
- A file is at most 1 MB.

| Type | Written as |
| --- | --- |
| boolean | `true` or `false`; also `yes` and `no`, `on` and `off`, `1` and `0` |
| size | bytes, or with a unit: `100KB`, `100MB`, `1GB`, `1TB`; `MB`, `M` and `MiB` are the same. Units are powers of 1024 \
(of the two usual readings the one that refuses less mail) |
| duration | seconds, or with a unit: `500ms`, `30s`, `5m`, `2h`, `7d` |
| port list | ports and ranges, separated by commas: `25,2525,1024-1026` |
| IP range list | addresses, networks and `first-last`, separated by semicolons: `192.168.0.0/16;127.0.0.1;10.0.0.1-10.0.0.9;2001:db8::/32` |
| path | a relative path starts at the working directory of the process |
"""

_ERRORS = """\
## Errors

All errors are printed at once, each with its place, the key, what is wrong and what is allowed; the exit status is then 78
(`EX_CONFIG`). This file

{file}
is answered with

{errors}
Passwords are never printed: not in errors, not by `tidegate config`, not in logs. Of a key that may hold one no part of a bad value is quoted.

A key whose feature is not in this version is known, its value is checked, and a warning says that it has no effect. Such keys are
marked *not yet*.
"""


def page() -> str:
    """The whole page, Markdown."""
    parts = [_introduction(), _errors(), *_overview(), *_groups(), *_elsewhere()]
    return "\n".join(parts)


def explain(key: Key) -> str:
    """One key for a person at a terminal."""
    facts = [_wrapped(f"  {name + ':':9} ", plain(text)) for name, text in _facts(key)]
    return "\n".join([key.name, _wrapped("  ", plain(key.meaning)), *facts])


def plain(markdown: str) -> str:
    """Text of the table without its marks for code and emphasis."""
    return markdown.replace("`", "").replace("**", "")


def _wrapped(start: str, text: str) -> str:
    return textwrap.fill(text, 100, initial_indent=start, subsequent_indent=" " * len(start), break_long_words=False, break_on_hyphens=False)


def _introduction() -> str:
    return _INTRODUCTION.format(
        default_file=DEFAULT_FILE,
        literal=_names(key for key in KEYS if key.kind.after_space is Hash.LITERAL),
        repeatable=_names(key for key in KEYS if key.repeatable),
    )


def _errors() -> str:
    def read_file(path: str) -> tuple[bytes, int]:
        if path == DEFAULT_FILE:
            return _BROKEN.encode(), 0o640
        raise FileNotFoundError(path)

    try:
        load([], {}, read_file)
    except ConfigErrors as found:
        return _ERRORS.format(file=_indented(_BROKEN), errors=_indented("".join(f"error: {error}\n" for error in found.errors)))
    raise AssertionError("the example of errors has none")


def _overview() -> Iterator[str]:
    yield "## All keys\n"
    yield "| Key | Type | Default | |"
    yield "| --- | --- | --- | --- |"
    for key in KEYS:
        yield f"| [`{key.name}`](#{key.name}) | {key.kind.name} | {_default(key)} | {', '.join(_marks(key))} |"
    yield ""


def _groups() -> Iterator[str]:
    for group in GROUPS:
        yield f"## {group.title}\n\n{group.about}\n"
        for key in KEYS:
            if key.group is group:
                marks = "".join(f" · *{mark}*" for mark in _marks(key))
                yield f"### `{key.name}`\n\n{key.meaning}{marks}\n"
                yield "\n".join(f"- {name}: {text}" for name, text in _facts(key)) + "\n"


def _elsewhere() -> Iterator[str]:
    yield "## Keys of MailerQ that are not ours\n"
    yield "Known, and ignored with one warning, so that an existing file can stay as it is:\n"
    for part, names in ELSEWHERE.items():
        yield f"- {part}: {', '.join(f'`{name}`' for name in names)}"
    yield "\nKeys of its early versions are errors that name their successors:\n"
    yield ", ".join(f"`{old}` (now `{new}`)" for old, new in SUPERSEDED.items()) + ".\n"


def _facts(key: Key) -> Iterator[tuple[str, str]]:
    yield "Type", f"{key.kind.name}: {key.kind.allowed}"
    yield "Default", _default(key)
    if key.when_empty:
        yield "Empty", key.when_empty
    yield "Example", f"`{key.name}: {key.example}`"
    if key.aliases:
        yield "Also", ", ".join(f"`{alias}`" for alias in key.aliases)
    if key.repeatable:
        yield "Repeated", "each line adds a value"
    if key.secret:
        yield "Secret", "passwords in it are never shown"
    if key.feature is not None and key.status is Status.NOT_YET:
        yield "Not yet", f"this version does not have {key.feature.name}"
    elif key.feature is not None:
        yield "Since", f"{key.feature.since}"


def _default(key: Key) -> str:
    return key.note or (f"`{key.default}`" if key.default else "empty")


def _marks(key: Key) -> Iterator[str]:
    if key.ours:
        yield "ours"
    if key.status is Status.NOT_YET:
        yield "not yet"


def _names(keys: Iterator[Key]) -> str:
    return " and ".join(f"`{key.name}`" for key in keys)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


if __name__ == "__main__":
    print(page(), end="")
