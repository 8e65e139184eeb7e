"""From texts to ``Settings``: cattrs walks the classes and collects all errors, the kinds of the table read the values."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from tidegate.app.config.settings import Settings
from tidegate.app.config.table.key import Key
from tidegate.app.config.table.keys import GROUPS, KEYS


def structure(texts: Mapping[str, tuple[str, ...]]) -> tuple[Settings | None, dict[str, str]]:
    """Read every value.

    Args:
        texts: for each key of the table its texts: one, or any number for a repeatable key.

    Returns:
        The settings and no errors, or None and for each bad key what is wrong with it.
    """
    raw: dict[str, dict[str, tuple[str, ...]]] = {group.name: {} for group in GROUPS}
    for key in KEYS:
        raw[key.group.name][key.attribute] = texts[key.name]
    try:
        return _converter().structure(raw, Settings), {}
    except ClassValidationError as error:
        return None, dict(_wrong_values(error))


def _wrong_values(error: ClassValidationError) -> Iterator[tuple[str, str]]:
    by_path = {(key.group.name, key.attribute): key.name for key in KEYS}
    for group_error, group_note in error.group_exceptions()[0]:
        if not isinstance(group_error, ClassValidationError):
            raise group_error
        for value_error, note in group_error.group_exceptions()[0]:
            # Anything but a ValueError is a defect of a kind, not of the value.
            if not isinstance(value_error, ValueError):
                raise value_error
            yield by_path[group_note.name, note.name], str(value_error)


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for field in attrs.fields(Settings):
        group_class: type = field.type  # type: ignore[assignment]
        hooks = {key.attribute: override(struct_hook=_reader(key)) for key in KEYS if key.group.name == field.name}
        converter.register_structure_hook(group_class, make_dict_structure_fn(group_class, converter, **hooks))  # type: ignore[arg-type]
    return converter


def _reader(key: Key) -> Callable[[tuple[str, ...], object], object]:
    parse = key.kind.parse
    if key.repeatable:
        return lambda texts, _: _each(texts, parse)
    return lambda texts, _: parse(texts[0])


def _each(texts: tuple[str, ...], parse: Callable[[str], object]) -> tuple[object, ...]:
    """Every value of a repeatable key; what is wrong is told of all of them, by their numbers where there are several."""
    values: list[object] = []
    wrong: list[str] = []
    for number, text in enumerate(texts, start=1):
        try:
            values.append(parse(text))
        except ValueError as error:
            wrong.append(f"value {number}: {error}" if len(texts) > 1 else str(error))
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(values)
