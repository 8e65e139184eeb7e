"""``tidegate config``."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

import click

from tidegate.app.cli.settings_command import SettingsCommand, load_settings
from tidegate.app.config import Loaded
from tidegate.app.config.problems import Source, shown
from tidegate.app.config.reference import explain, plain
from tidegate.app.config.resolve import nearest
from tidegate.app.config.table.key import Key, Status
from tidegate.app.config.table.keys import BY_NAME, KEYS


@click.command("config", cls=SettingsCommand, epilog="Passwords are shown as ***. Sizes in JSON are bytes, durations are seconds.")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--only-changed", is_flag=True, help="Leave out what nobody has set.")
@click.option("--explain", "explained", is_flag=True, help="Tell what the settings do instead.")
@click.pass_context
def command(ctx: click.Context, keys: tuple[str, ...], as_json: bool, only_changed: bool, explained: bool) -> None:
    """Show the settings in effect and where each comes from. KEY limits the output to these settings."""
    chosen = _chosen(keys)
    if explained:
        click.echo("\n\n".join(map(explain, chosen)))
        return
    loaded = load_settings(ctx)
    if only_changed:
        chosen = [key for key in chosen if loaded.origins[key.name].source is not Source.DEFAULT]
    if as_json:
        click.echo(json.dumps({key.name: _as_json(key, loaded) for key in chosen}, indent=2, ensure_ascii=False))
        return
    # What has no effect yet and was not asked for would only hide the rest.
    rows = [
        (key.name, " ".join(loaded.texts[key.name]) or f"({plain(key.when_empty) or 'empty'})", str(loaded.origins[key.name]))
        for key in chosen
        if keys or key.status is Status.AVAILABLE or loaded.origins[key.name].source is not Source.DEFAULT
    ]
    click.echo("\n".join(_aligned(rows)))


def _chosen(names: Iterable[str]) -> list[Key]:
    if not names:
        return list(KEYS)
    chosen = []
    for name in names:
        key = BY_NAME.get(name.lower())
        if key is None:
            near = nearest(name)
            raise click.UsageError(f"There is no setting {name!r}." + (f" Did you mean {near!r}?" if near else ""))
        chosen.append(key)
    return chosen


def _aligned(rows: list[tuple[str, str, str]]) -> Iterable[str]:
    name_width = max((len(name) for name, _, _ in rows), default=0)
    # A long value shall not push the last column of all others off the screen.
    value_width = max((len(value) for _, value, _ in rows if len(value) <= 40), default=0)
    for name, value, origin in rows:
        yield f"{name:{name_width}}  {value:{value_width}}  {origin}"


def _as_json(key: Key, loaded: Loaded) -> Mapping[str, Any]:
    origin = loaded.origins[key.name]
    texts = loaded.texts[key.name]
    value = getattr(getattr(loaded.settings, key.group.name), key.attribute)
    entry: dict[str, Any] = {
        "value": (list(texts) if key.repeatable else texts[0] or None) if key.secret else _plain(value),
        "text": list(texts) if key.repeatable else texts[0],
        "source": origin.source.label,
        "status": key.status.value,
    }
    if origin.source is Source.FILE:
        entry |= {"file": shown(origin.name, None), "line": origin.line}
    elif origin.source is Source.ENVIRONMENT:
        entry |= {"variable": origin.name}
    return entry


def _plain(value: object) -> Any:
    """A finished value as JSON has it."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case timedelta():
            return value.total_seconds()
        case frozenset():
            return sorted(map(str, value))
        case tuple():
            return [_plain(item) for item in value]
        case _:  # text, paths and addresses
            return str(value)
