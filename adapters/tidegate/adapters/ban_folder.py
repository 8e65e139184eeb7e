"""Bans as empty files in a folder: the name is the client, the time of modification is when the ban ends.

Workers, the command line and ``rm`` share them without a lock; to ask costs one system call, and only when somebody logs in.
"""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

from tidegate.ports.errors import PermanentFailure

MAX_BANS = 10_000
"""Files; once there are more, bans that are over are removed, and with none of those no further client is banned."""

_log = logging.getLogger("tidegate.auth.bans")


@attrs.define
class FolderBanList:
    """Plays :class:`tidegate.ports.ban_list.BanList`.

    Attributes:
        folder: made when the first client is banned.
    """

    folder: Path
    _made: int = attrs.field(default=0, init=False)

    def banned(self, client: str, now: datetime) -> bool:
        """By one look at the file."""
        try:
            return os.stat(self._file(client)).st_mtime > now.timestamp()
        except OSError:
            return False

    def ban(self, client: str, until: datetime) -> None:
        """Make the file."""
        file = self._file(client)
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._made += 1
            if self._made % 100 == 0 and len(self.bans(datetime.now(UTC))) >= MAX_BANS:
                _log.error("no further client is banned: there are too many bans", extra={"folder": str(self.folder)})
                return
            file.touch(mode=0o640)
            os.utime(file, (until.timestamp(), until.timestamp()))
        except (OSError, PermanentFailure) as error:
            _log.error("ban not kept", extra={"client": client, "reason": str(error)})

    def lift(self, client: str) -> bool:
        """Remove the file."""
        try:
            self._file(client).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PermanentFailure(f"{self.folder}: {error.strerror}") from error
        return True

    def bans(self, now: datetime) -> Mapping[str, datetime]:
        """By reading the folder."""
        found: dict[str, datetime] = {}
        try:
            for entry in os.scandir(self.folder):
                until = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
                if until > now:
                    found[entry.name.replace("_", "/")] = until
                else:
                    os.unlink(entry.path)
        except FileNotFoundError:
            pass  # no ban so far, or one that was lifted meanwhile
        except OSError as error:
            raise PermanentFailure(f"{self.folder}: {error.strerror}") from error
        return dict(sorted(found.items()))

    def _file(self, client: str) -> Path:
        return self.folder / client.replace("/", "_")
