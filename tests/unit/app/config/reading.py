"""Reads a configuration from files, variables and arguments that stand in the test."""

from collections.abc import Mapping

import pytest

from tidegate.app.config import ConfigErrors, Loaded, load
from tidegate.app.config.load import DEFAULT_FILE

Files = Mapping[str, str | bytes]


def loaded(*argv: str, environ: Mapping[str, str] | None = None, files: Files | None = None, mode: int = 0o640) -> Loaded:
    """The configuration of a machine that has these files and no others; ``""`` is the default file."""

    def read_file(path: str) -> tuple[bytes, int]:
        content = (files or {}).get("" if path == DEFAULT_FILE else path)
        if content is None:
            raise FileNotFoundError(path)
        return content if isinstance(content, bytes) else content.encode(), mode

    return load(argv, environ or {}, read_file)


def errors(*argv: str, environ: Mapping[str, str] | None = None, files: Files | None = None) -> list[str]:
    """The texts of all errors."""
    with pytest.raises(ConfigErrors) as caught:
        loaded(*argv, environ=environ, files=files)
    return [str(error) for error in caught.value.errors]


def problems(*argv: str, environ: Mapping[str, str] | None = None, files: Files | None = None) -> list[str]:
    """The texts of all errors, none for a configuration that can be used; any other exception passes."""
    try:
        loaded(*argv, environ=environ, files=files)
    except ConfigErrors as found:
        return [str(error) for error in found.errors]
    return []


def warnings(*argv: str, environ: Mapping[str, str] | None = None, files: Files | None = None, mode: int = 0o640) -> list[str]:
    """The texts of all warnings of a configuration that can be used, but for the one about an empty ``smtp-range``."""
    found = [str(warning) for warning in loaded(*argv, environ=environ, files=files, mode=mode).warnings]
    return [warning for warning in found if "nobody may connect" not in warning]
