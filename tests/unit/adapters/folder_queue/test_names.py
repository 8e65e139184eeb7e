"""Names of queues and documents as names of folders and files."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.folder_queue.names import FOLDER_NAME_MAX_BYTES, file_name, folder_name, message_id_of, queue_name
from tidegate.ports.errors import PermanentFailure


@pytest.mark.parametrize(
    ("queue", "folder"),
    [
        ("inbox", "inbox"),
        ("Mail.In_2-x", "Mail.In_2-x"),
        ("a:b@c+d=e,f", "a:b@c+d=e,f"),
        (".", "%2E"),  # the folder itself
        ("..", "%2E."),  # the folder above
        (".lock", "%2Elock"),  # the directory's own file
        ("../../etc", "%2E.%2F..%2Fetc"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),  # not the same queue as the one before
        ("~root", "%7Eroot"),
        ("nul\0", "nul%00"),
        ("two words\n", "two%20words%0A"),
        ("tür", "t%C3%BCr"),
        ("*?[x]", "%2A%3F%5Bx%5D"),
    ],
)
def test_folder_name(queue: str, folder: str) -> None:
    """Ordinary names stay readable, others are encoded, and each is turned back."""
    assert folder_name(queue) == folder
    assert queue_name(folder) == queue


@given(st.text(min_size=1, max_size=255))
def test_folder_name_properties(queue: str) -> None:
    """A queue name either becomes one harmless path component that can be turned back, or is refused."""
    try:
        folder = folder_name(queue)
    except PermanentFailure:
        assert len(queue.encode()) * 3 > FOLDER_NAME_MAX_BYTES
        return
    assert re.fullmatch(r"[A-Za-z0-9%_:@+=,-][A-Za-z0-9%_.:@+=,-]*", folder)
    assert len(folder) <= FOLDER_NAME_MAX_BYTES
    assert queue_name(folder) == queue


@pytest.mark.parametrize("queue", ["", "q" * 256, "ü" * 127, "\ud800"])
def test_refused_queue_names(queue: str) -> None:
    """Names that AMQP or a file system does not take are refused, with a reason that can be printed."""
    with pytest.raises(PermanentFailure) as caught:
        folder_name(queue)
    assert caught.value.args[0].isascii()


@pytest.mark.parametrize("folder", ["", ".", "..", ".lock", "a b", "%2e", "%41", "t%C3", "t\u00fcr", "%", "a~", "x" * 256])
def test_folders_of_nobody(folder: str) -> None:
    """A folder that no queue's name makes is not taken for one: each queue has one folder."""
    assert queue_name(folder) is None


@given(st.text(max_size=80))
def test_queue_name_is_total(folder: str) -> None:
    """Whatever stands in the directory, the answer is a queue whose folder it is, or None."""
    queue = queue_name(folder)
    assert queue is None or folder_name(queue) == folder


@pytest.mark.parametrize("message_id", ["", "A", "a/b", "..", "a.b", "a" * 65, "a\n", "ü", "a\0"])
def test_refused_message_ids(message_id: str) -> None:
    """What is no id never becomes a file name, in either direction."""
    with pytest.raises(PermanentFailure):
        file_name(message_id)
    assert message_id_of(message_id + ".json") is None


def test_message_ids() -> None:
    """An id and its file name belong together; other files are nobody's."""
    assert file_name("0a-z9") == "0a-z9.json"
    assert message_id_of("0a-z9.json") == "0a-z9"
    for name in ("0a-z9", ".json", "0a-z9.json~", "0a-z9.JSON", ".0a.json", "0a-z9.json.swp"):
        assert message_id_of(name) is None
