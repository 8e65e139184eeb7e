"""Report values as JSON: one rule for all types."""

from collections.abc import Mapping
from functools import cache

import attrs

from tidegate.domain.json_value import JsonValue


def as_json(value: attrs.AttrsInstance) -> dict[str, JsonValue]:
    """Return ``value`` as a mapping ready for a JSON encoder.

    A key is the attribute's name with ``-`` for ``_``; ``from_`` becomes ``from``. What is unknown is left out: None and empty lists, but not
    ``0`` and ``""``.
    """
    out: dict[str, JsonValue] = {}
    for attribute, key in _keys(type(value)):
        item: object = getattr(value, attribute)
        if item is not None and item != ():
            out[key] = _item(item)
    return out


@cache
def _keys(cls: type[attrs.AttrsInstance]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.name.rstrip("_").replace("_", "-")) for field in attrs.fields(cls))


def _item(item: object) -> JsonValue:
    if isinstance(item, str | int):
        return item
    if isinstance(item, tuple):
        return [_item(member) for member in item]
    if isinstance(item, Mapping):
        return {str(key): _item(member) for key, member in item.items()}
    if attrs.has(type(item)):
        return as_json(item)  # type: ignore[arg-type]
    raise TypeError(f"{type(item).__name__} has no JSON form")
