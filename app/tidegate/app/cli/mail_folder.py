"""Mails of documents as files that mail programs open."""

import binascii
import os
from base64 import b64decode
from pathlib import Path

import attrs
import click

from tidegate.adapters.folder_queue.names import folder_name
from tidegate.domain.json_value import JsonObject


@attrs.define
class MailFolder:
    """Writes ``<folder>/<queue>/<message-id>.eml``, private as the queue is."""

    folder: Path
    _made: set[str] = attrs.field(init=False, factory=set)

    def write(self, queue: str, message_id: str, document: JsonObject) -> None:
        """Write the mail of a document; a document without one is named on standard error. Raises :class:`OSError`."""
        place = self.folder / folder_name(queue)
        if queue not in self._made:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._made.add(queue)
        mail = mail_of(document)
        if mail is None:
            click.echo(f"{message_id} in queue {queue!r} holds no mail (no mime property)", err=True)
            return
        descriptor = os.open(place / f"{message_id}.eml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(mail)


def mail_of(document: JsonObject) -> bytes | None:
    """The message of a document, byte for byte; None when it has none, or none that can be read."""
    mime = document.get("mime")
    if not isinstance(mime, str):
        return None
    if document.get("mime-encoding") != "base64":
        return mime.encode("utf-8", "surrogatepass")
    try:
        return b64decode(mime, validate=True)
    except (binascii.Error, ValueError):
        return None
