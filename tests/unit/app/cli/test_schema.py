"""``tidegate schema``."""

import json

import jsonschema
import pytest

from tidegate.app.cli import main
from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.schema import document_schema


def test_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is the schema, and a schema."""
    assert main(["schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(stdlib_dumps(document_schema()))
    jsonschema.Draft202012Validator.check_schema(printed)
