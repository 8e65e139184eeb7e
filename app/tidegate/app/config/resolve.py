"""Which value of each key counts: defaults < files in their order < environment < command line."""

import difflib
import re
from collections.abc import Iterable

import attrs

from tidegate.app.config.kinds.kind import Hash
from tidegate.app.config.problems import Origin, Problem, Source, shown
from tidegate.app.config.sources import CONFIG_FILE, Assignment
from tidegate.app.config.table.elsewhere import SUPERSEDED
from tidegate.app.config.table.key import Key
from tidegate.app.config.table.keys import BY_NAME, IGNORED, KEYS

_MAX_NAME_CHARS = 64
"""Longer than any key: a name beyond it is not compared with them."""

_MAX_SUGGESTIONS = 100
"""Errors after which no nearest key is looked for: whoever reads that many has the wrong file."""

_hash_after_space = re.compile(r"(?<=\s)#").search
_reference = re.compile(r"<([a-z-]+)>").sub
_not_text = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]").search


@attrs.frozen
class Given:
    """The text that counts for one key.

    Attributes:
        origin: where it was written; of a repeatable key the first place.
        name: the name it was given under, which may be an older one.
        texts: one text, several or none for a repeatable key.
    """

    origin: Origin
    name: str
    texts: tuple[str, ...] = attrs.field(repr=False)


@attrs.define
class Resolution:
    """What all places together say.

    Attributes:
        given: by canonical name.
        unread: canonical names of keys whose text could not be read.
        errors: what makes the configuration unusable.
        warnings: what does not.
    """

    given: dict[str, Given] = attrs.Factory(dict)
    unread: set[str] = attrs.Factory(set)
    errors: list[Problem] = attrs.Factory(list)
    warnings: list[Problem] = attrs.Factory(list)


def resolve(assignments: Iterable[Assignment]) -> Resolution:
    """Choose one text per key, in its canonical name. The assignments come from the weakest place to the strongest."""
    result = Resolution()
    ignored: dict[str, list[Assignment]] = {}
    for assignment in assignments:
        key = BY_NAME.get(assignment.name)
        if key is None:
            _note_unknown(assignment, result, ignored)
            continue
        try:
            text = _value_text(assignment, key)
        except ValueError as error:
            result.errors.append(Problem(assignment.origin, assignment.name, str(error)))
            result.unread.add(key.name)
            continue
        _choose(assignment, key, text, result)
    result.warnings.extend(_ignored_warning(place) for place in ignored.values())
    return result


def with_defaults(given: dict[str, Given]) -> dict[str, Given]:
    """The text of every key: a default stands in where nobody gave one, and for empty text that has no meaning of its own."""
    full: dict[str, Given] = {}

    def default_of(key: Key) -> str:
        return _reference(lambda match: full[match[1]].texts[0], key.default)

    for key in KEYS:
        found = given.get(key.name, Given(Origin.default(), key.name, (key.default,)))
        if key.repeatable:
            full[key.name] = attrs.evolve(found, texts=tuple(filter(None, found.texts)))
        elif found.origin.source is Source.DEFAULT or (not found.texts[0] and not key.kind.takes_empty):
            full[key.name] = attrs.evolve(found, texts=(default_of(key),))
        else:
            full[key.name] = found
    return full


def nearest(name: str, likeness: float = 0.6) -> str:
    """The known name that looks most like this one, or empty text."""
    if len(name) > _MAX_NAME_CHARS:
        return ""
    return next(iter(difflib.get_close_matches(name.replace("_", "-"), [*BY_NAME, *sorted(IGNORED)], n=1, cutoff=likeness)), "")


def _value_text(assignment: Assignment, key: Key) -> str:
    text = assignment.text
    if _not_text(text):
        raise ValueError("the value holds a control character or is not UTF-8")
    if assignment.origin.source is not Source.FILE:
        return text.strip()
    mark = _hash_after_space(text)
    if mark is None or key.kind.after_space is Hash.LITERAL:
        return text.strip()
    before = text[: mark.start()].strip()
    if before and key.kind.after_space is Hash.REFUSED:
        raise ValueError("a # after white space could be a comment or part of the value: put the comment on a line of its own, or write %23")
    return before


def _choose(assignment: Assignment, key: Key, text: str, result: Resolution) -> None:
    origin = assignment.origin
    before = result.given.get(key.name)
    texts: tuple[str, ...] = (text,)
    if before is not None and _same_place(before.origin, origin):
        if key.repeatable:
            origin, texts = before.origin, (*before.texts, text)
        else:
            earlier = f"line {before.origin.line}" if origin.source is Source.FILE else before.origin
            result.warnings.append(Problem(origin, assignment.name, f"is given again; this value counts, that of {earlier} does not"))
    result.given[key.name] = Given(origin, assignment.name, texts)


def _same_place(one: Origin, other: Origin) -> bool:
    return one.source is other.source and (one.source is not Source.FILE or one.layer == other.layer)


def _note_unknown(assignment: Assignment, result: Resolution, ignored: dict[str, list[Assignment]]) -> None:
    name, origin = assignment.name, assignment.origin
    if name == CONFIG_FILE:
        result.errors.append(Problem(origin, name, "a config file cannot name another one: only the command line and the environment can"))
    elif name in IGNORED:
        place = origin.source.label if origin.source is not Source.FILE else f"{origin.layer} {origin.name}"
        ignored.setdefault(place, []).append(assignment)
    elif name in SUPERSEDED:
        result.errors.append(Problem(origin, name, f"is a key of early versions: {SUPERSEDED[name]} has taken its place"))
    elif origin.source is Source.ENVIRONMENT:
        # Orchestrators make variables with the name of a service in front; such a variable must not keep the server from starting.
        result.warnings.append(Problem(origin, "", "is not the name of a setting and is ignored", nearest=nearest(name, 0.8)))
    else:
        near = nearest(name) if len(result.errors) < _MAX_SUGGESTIONS else ""
        result.errors.append(Problem(origin, shown(name), "unknown key", nearest=near))


def _ignored_warning(assignments: list[Assignment]) -> Problem:
    first = assignments[0].origin
    names = ", ".join(dict.fromkeys(assignment.name for assignment in assignments))
    place = Origin(first.source, first.layer, 0, first.name) if first.source is Source.FILE else Origin(first.source, 0, 0, "MAILERQ_…")
    return Problem(place, "", f"keys of sending and other parts of MailerQ are ignored: {names}")
