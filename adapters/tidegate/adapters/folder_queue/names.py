"""Names of queues as names of folders, names of documents as names of files.

A queue may have any name that AMQP allows, among them ``../x``, ``a/b`` and ``.``. Percent-encoding of its UTF-8 (as in RFC 3986 section 2.1)
makes a folder name of it that is readable in the usual case, cannot leave the queue directory, never starts with a dot (those names are the
directory's own) and can be turned back. Each queue has exactly one folder name: a folder spelled in another way belongs to nobody.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from tidegate.ports.errors import PermanentFailure
from tidegate.ports.publisher import QUEUE_NAME_MAX_BYTES

FOLDER_NAME_MAX_BYTES = 255
"""NAME_MAX of every usual Linux file system."""

SUFFIX = ".json"

_KEPT = "_-.:@+=,"  # Besides letters and digits: harmless in file names and unquoted in a shell.
_FILE_NAME = re.compile(r"([0-9a-z-]{1,64})\.json")
_MESSAGE_ID = re.compile(r"[0-9a-z-]{1,64}")


@lru_cache(maxsize=1024)
def folder_name(queue: str) -> str:
    """The folder of a queue.

    Raises:
        PermanentFailure: no queue can have this name, or its folder name would be longer than a file system takes.
    """
    try:
        raw = queue.encode()
    except UnicodeEncodeError as error:
        raise PermanentFailure(f"the queue name {queue!a} is not Unicode text") from error
    if not 0 < len(raw) <= QUEUE_NAME_MAX_BYTES:
        raise PermanentFailure(f"a queue name has 1 to {QUEUE_NAME_MAX_BYTES} bytes of UTF-8, {queue!a} has {len(raw)}")
    # urllib's quote never encodes the tilde.
    name = quote(raw, safe=_KEPT).replace("~", "%7E")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > FOLDER_NAME_MAX_BYTES:
        raise PermanentFailure(
            f"the queue name {queue!a} makes a folder name of {len(name)} bytes, a file system takes {FOLDER_NAME_MAX_BYTES}"
        )
    return name


def queue_name(folder: str) -> str | None:
    """The queue whose folder this is; None when it is no queue's."""
    try:
        queue = unquote_to_bytes(folder).decode()
        return queue if folder_name(queue) == folder else None
    except (UnicodeError, PermanentFailure):
        return None


def file_name(message_id: str) -> str:
    """The file of a document.

    Raises:
        PermanentFailure: the id is not of the form that :class:`tidegate.ports.publisher.Publication` promises.
    """
    if _MESSAGE_ID.fullmatch(message_id) is None:
        raise PermanentFailure(f"{message_id!a} is not a message-id: 1 to 64 of a-z, 0-9 and '-'")
    return message_id + SUFFIX


def message_id_of(file: str) -> str | None:
    """The id of the document whose file this is; None when it is no document's."""
    match = _FILE_NAME.fullmatch(file)
    return match[1] if match else None
