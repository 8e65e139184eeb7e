"""``tidegate schema``."""

import json

import click

from tidegate.app.cli.settings_command import SettingsCommand
from tidegate.domain.schema import document_schema


@click.command("schema", cls=SettingsCommand, epilog="The schema is the same whatever the settings. docs/json.md explains every property.")
def command() -> None:
    """Print the JSON Schema (draft 2020-12) of the documents that are published, for validators and code generators."""
    click.echo(json.dumps(document_schema(), indent=2, ensure_ascii=False))
