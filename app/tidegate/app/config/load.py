"""Read the configuration from all its places."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from tidegate.app.config.problems import ConfigErrors, Origin, Problem, Source, quoted
from tidegate.app.config.resolve import Given, Resolution, resolve, with_defaults
from tidegate.app.config.rules import check
from tidegate.app.config.settings import Settings
from tidegate.app.config.sources import CONFIG_FILE, MAX_FILE_BYTES, Assignment, from_arguments, from_environment, from_file
from tidegate.app.config.structure import structure
from tidegate.app.config.table.features import Feature
from tidegate.app.config.table.key import Status
from tidegate.app.config.table.keys import BY_NAME, KEYS

DEFAULT_FILE = "/etc/tidegate/config.txt"
"""Read when it is there, before any file that ``--config-file`` names."""

_OTHERS_READ = 0o004

ReadFile = Callable[[str], tuple[bytes, int]]
"""Content and permission bits of a file. Raises OSError. Content beyond ``MAX_FILE_BYTES`` may be cut, one byte behind it."""


@attrs.frozen
class Loaded:
    """A configuration that can be used.

    Attributes:
        settings: the finished values.
        warnings: what its owner should know.
        texts: of each key the text that counts, redacted where it is secret; of a repeatable key all texts.
        origins: of each key where that text was written.
    """

    settings: Settings
    warnings: tuple[Problem, ...]
    texts: Mapping[str, tuple[str, ...]]
    origins: Mapping[str, Origin]


def read_from_disk(path: str) -> tuple[bytes, int]:
    """The first ``MAX_FILE_BYTES`` + 1 bytes of a file, and its permission bits.

    Raises:
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1), os.fstat(file.fileno()).st_mode & 0o777


def load(argv: Sequence[str], environ: Mapping[str, str], read_file: ReadFile = read_from_disk) -> Loaded:
    """Read, check and finish the configuration.

    Args:
        argv: settings of the command line, ``--key value`` or ``--key=value``, ``--config-file FILE`` among them.
        environ: the environment.
        read_file: how files are read.

    Raises:
        ConfigErrors: it cannot be used; holds every error.
    """
    arguments, problems = from_arguments(argv)
    variables = from_environment(environ)
    named = [item for item in arguments if item.name == CONFIG_FILE] or [item for item in variables if item.name == CONFIG_FILE]
    files = [Assignment(Origin.default(), CONFIG_FILE, DEFAULT_FILE), *named]
    lines: list[Assignment] = []
    modes: dict[str, int] = {}
    for layer, item in enumerate(files):
        found, wrong = _read(item, layer, read_file, modes)
        lines.extend(found)
        problems.extend(wrong)
    resolution = resolve([*lines, *(item for item in (*variables, *arguments) if item.name != CONFIG_FILE)])
    resolution.errors.extend(problems)
    _warn_of_readable_secrets(resolution, modes)
    return _finish(resolution)


def defaults() -> Settings:
    """The settings when nothing is configured."""

    def nothing(path: str) -> tuple[bytes, int]:
        raise FileNotFoundError(path)

    return load([], {}, nothing).settings


def _read(item: Assignment, layer: int, read_file: ReadFile, modes: dict[str, int]) -> tuple[list[Assignment], list[Problem]]:
    path = item.text
    try:
        data, mode = read_file(path)
    except FileNotFoundError:
        if item.origin.source is Source.DEFAULT:
            return [], []
        return [], [Problem(item.origin, CONFIG_FILE, f"there is no file {quoted(path)}")]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it has no valid name"
        return [], [Problem(item.origin, CONFIG_FILE, f"cannot read {quoted(path)}: {reason}")]
    modes[path] = mode
    return from_file(data, path, layer)


_WITHOUT_PASSWORD = ("users://", "file://", "exec://", "ldap://", "ldaps://", "sqlite://", "directory://")
"""What these say holds none: it is elsewhere, or the client's."""


def _warn_of_readable_secrets(resolution: Resolution, modes: Mapping[str, int]) -> None:
    for file, mode in modes.items():
        given_here = [(name, given) for name, given in resolution.given.items() if given.origin.name == file and BY_NAME[name].secret]
        secrets = [name for name, given in given_here if any(text and not text.startswith(_WITHOUT_PASSWORD) for text in given.texts)]
        if secrets and mode & _OTHERS_READ:
            origin = resolution.given[secrets[0]].origin
            resolution.warnings.append(Problem(origin, secrets[0], "may hold a password, and every user can read the file: chmod o-r"))


def _finish(resolution: Resolution) -> Loaded:
    full = with_defaults(resolution.given)
    settings, wrong = structure({name: given.texts for name, given in full.items()})
    for name, text in wrong.items():
        given = full[name]
        # A default that is made from another key fails with it; the other key's error says all.
        if given.origin.source is not Source.DEFAULT:
            resolution.errors.append(Problem(given.origin, given.name, text, BY_NAME[name].kind.allowed))
    if settings is None:
        sound = {name: given for name, given in resolution.given.items() if name not in wrong}
        settings, _ = structure({name: given.texts for name, given in with_defaults(sound).items()})
        assert settings is not None, "defaults are valid"
    unsound = resolution.unread | wrong.keys()
    resolution.warnings.extend(_missing_features(resolution.given, unsound))
    _apply_rules(settings, resolution, unsound)
    if resolution.errors:
        raise ConfigErrors(_in_order(resolution.errors), _in_order(resolution.warnings))
    return Loaded(
        settings,
        _in_order(resolution.warnings),
        {name: _shown_texts(name, given) for name, given in full.items()},
        {name: given.origin for name, given in full.items()},
    )


def _missing_features(given: Mapping[str, Given], unsound: set[str]) -> Iterator[Problem]:
    """A warning for each feature that is asked for and not there: a file that was written for the original is accepted all the same."""
    without_effect: dict[Feature, list[str]] = {}
    for key in KEYS:
        found = given.get(key.name)
        if found is None or key.feature is None or key.status is Status.AVAILABLE or key.name in unsound:
            continue
        inactive = {key.kind.parse(text) if text else "" for text in key.inactive}
        if not all((key.kind.parse(text) if text else "") in inactive for text in found.texts):
            without_effect.setdefault(key.feature, []).append(key.name)
    for feature, (first, *others) in without_effect.items():
        also = f"; neither {'has' if len(others) == 1 else 'have'} {', '.join(others)}" if others else ""
        yield Problem(given[first].origin, given[first].name, f"has no effect: this version of Tidegate does not have {feature.name} yet{also}")


def _apply_rules(settings: Settings, resolution: Resolution, unsound: set[str]) -> None:
    given = resolution.given
    for finding in check(settings, given.__contains__):
        if unsound.intersection(finding.keys):
            continue
        at = next((name for name in finding.keys if name in given), finding.keys[0])
        if not finding.fatal and at not in given and resolution.errors:
            continue  # nobody gave the key, perhaps because a file or a line could not be read: the error says so
        found = given.get(at, Given(Origin.default(), at, ()))
        wrong = finding.wrong if at == finding.keys[0] else f"{finding.keys[0]} {finding.wrong}"
        problem = Problem(found.origin, found.name, wrong, finding.allowed)
        (resolution.errors if finding.fatal else resolution.warnings).append(problem)


def _shown_texts(name: str, given: Given) -> tuple[str, ...]:
    kind = BY_NAME[name].kind
    if kind.redact is None:
        return given.texts
    return tuple(kind.redact(kind.parse(text)) for text in given.texts)


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.origin))
