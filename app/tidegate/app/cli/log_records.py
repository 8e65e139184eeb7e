"""What parts of the server tell its log, for commands that have none and whose user should read it."""

import logging
from typing import Self

from tidegate.app.logs.json_lines import fields_of


class LogRecords(logging.Handler):
    """Takes the records of Tidegate's loggers while the ``with`` block lasts; without it Python would print their bare messages.

    Attributes:
        texts: one line for each, with its fields.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []
        self._logger = logging.getLogger("tidegate")
        self._propagated = self._logger.propagate

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        fields = ", ".join(f"{name}: {value}" for name, value in fields_of(record).items())
        self.texts.append(record.getMessage() + (f" ({fields})" if fields else ""))

    def __enter__(self) -> Self:
        """Begin."""
        self._logger.addHandler(self)
        self._logger.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        """End; the loggers are as before."""
        self._logger.propagate = self._propagated
        self._logger.removeHandler(self)
