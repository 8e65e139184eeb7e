"""What a command takes from the machine to read its configuration; a test gives its own."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tidegate.app.config.load import ReadFile


@attrs.frozen
class Surroundings:
    """Environment and files.

    Attributes:
        environ: environment variables.
        read_file: how files are read; None reads them from disk.
    """

    environ: Mapping[str, str] = attrs.field(factory=lambda: os.environ, repr=False)
    read_file: "ReadFile | None" = None
