"""The lock file, and the account that the server becomes."""

import fcntl
import os
import pwd
from pathlib import Path

import pytest

from tidegate.app.supervisor.privileges import Lock, drop_privileges
from tidegate.ports.errors import PermanentFailure


def test_lock_holds_the_process_id_and_is_empty_afterwards(tmp_path: Path) -> None:
    """While it is held nobody else gets it; afterwards anybody, and no stale number is left to be signalled."""
    path = tmp_path / "tidegate.pid"
    path.write_text("12345678901234567890\n")
    with Lock(path):
        assert path.read_text() == f"{os.getpid()}\n"
        with pytest.raises(PermanentFailure, match=rf"another server runs already \(process {os.getpid()}\)"):
            Lock(path)
    assert path.read_text() == ""
    with Lock(path):
        pass


def test_lock_of_a_server_that_has_not_written_its_number_yet(tmp_path: Path) -> None:
    """The message does without the number."""
    path = tmp_path / "tidegate.pid"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(PermanentFailure, match=r"another server runs already$"):
            Lock(path)


def test_lock_follows_no_link_and_names_what_is_wrong(tmp_path: Path) -> None:
    """A link in a folder that others may write to must not make root overwrite a file of somebody's choice."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "link").symlink_to(victim)
    with pytest.raises(PermanentFailure, match="link: Too many levels of symbolic links"):
        Lock(tmp_path / "link")
    assert victim.read_text() == "precious"
    with pytest.raises(PermanentFailure, match="No such file or directory"):
        Lock(tmp_path / "nowhere" / "lock")


def test_user_that_does_not_exist() -> None:
    """It is named."""
    with pytest.raises(PermanentFailure, match="user no-such-user-here: there is no such account"):
        drop_privileges("no-such-user-here")


def test_user_that_this_process_is_already() -> None:
    """Nothing to do."""
    before = os.getresuid()
    drop_privileges(pwd.getpwuid(os.getuid()).pw_name)
    assert os.getresuid() == before
