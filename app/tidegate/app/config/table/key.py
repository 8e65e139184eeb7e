"""What is known about one key."""

from enum import StrEnum

import attrs

from tidegate.app.config.kinds.kind import Kind
from tidegate.app.config.table.features import Feature


class Status(StrEnum):
    """Whether a key has an effect."""

    AVAILABLE = "available"
    NOT_YET = "not yet"
    """Known, refused with a sentence that says so."""


@attrs.frozen
class Group:
    """Keys that stand together in the settings and in the documentation.

    Attributes:
        name: attribute of ``Settings``, and what the keys begin with, if they do.
        title: heading in the documentation.
        about: one paragraph for the documentation.
    """

    name: str
    title: str
    about: str


@attrs.frozen
class Key:
    """One key.

    Attributes:
        name: as it stands in the file.
        group: where it belongs.
        kind: how its value is read.
        default: text that stands in when nobody gives one; ``<other-key>`` in it is replaced by that key's text.
        meaning: what it does: sentences for the documentation.
        example: a value that shows its use.
        aliases: older names, read as well.
        ours: whether Tidegate brought it; otherwise it is a key of MailerQ.
        repeatable: whether each line adds a value; otherwise the last line wins.
        feature: what it needs, or None.
        inactive: values that have no need of the feature: they switch it off.
        when_empty: what empty text means, for the documentation, where that is not the default.
        note: what the documentation says in place of the default text.
    """

    name: str
    group: Group
    kind: Kind
    default: str
    meaning: str
    example: str
    aliases: tuple[str, ...] = ()
    ours: bool = False
    repeatable: bool = False
    feature: Feature | None = None
    inactive: tuple[str, ...] = ("",)
    when_empty: str = ""
    note: str = ""

    @property
    def attribute(self) -> str:
        """Its name in the group's settings class."""
        return self.name.removeprefix(f"{self.group.name}-").replace("-", "_")

    @property
    def secret(self) -> bool:
        """Whether its value may hold a password."""
        return self.kind.redact is not None

    @property
    def status(self) -> Status:
        """Whether it has an effect in this version."""
        return Status.AVAILABLE if self.feature is None or self.feature.since else Status.NOT_YET
