"""Holds a document against the published schema."""

import json
from functools import cache
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.schema import document_schema


def assert_valid(document: Any) -> None:
    """Fail with what is wrong and where unless ``document``, read back from its JSON, is what the schema says.

    Raises:
        AssertionError: naming every fault.
    """
    faults = [f"{fault.json_path}: {fault.validator}: {fault.message[:200]}" for fault in _validator().iter_errors(document)]
    assert not faults, "\n".join(faults)


@cache
def _validator() -> Validator:
    schema = json.loads(stdlib_dumps(document_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
