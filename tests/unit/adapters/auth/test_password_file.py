"""Lines of a password file, and a file that changes under way."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.auth.libcrypt import crypt
from tidegate.adapters.auth.password_file import FileAuthenticator, parse
from tidegate.ports.authenticator import AuthVerdict, Credentials
from tidegate.ports.errors import PortError


def hashed(password: str, salt: str = "saltsalt") -> str:
    """A quick hash."""
    result = crypt(password.encode(), f"$6$rounds=1000${salt}$")
    assert result is not None
    return result


GOOD = hashed("pw")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("bob", 1), (":x", 1), (f":{GOOD}", 1), ("bob:", 0), ("bob:plain", 1), ("bob:$6$", 1), ("bob:$9$x$y", 1), ("bob:*", 0), ("bob:!", 0), ("bob:!!", 0),
        ("bob:x", 0), (f"bob:!{GOOD}", 0), ("# comment", 0), ("", 0), ("   ", 0), ("bob\0:x", 1), ("bob:" + "x" * 5000, 1), (f"bob :{GOOD}\x1b", 1),
        ("b\u202eob:" + GOOD, 1), ("bob:$1$abcdefgh$0123456789012345678901", 1), ("bob:$6$rounds=999999999$salt$" + "a" * 86, 1),
    ],
)  # fmt: skip
def test_lines_that_let_nobody_in(line: str, wrong: int) -> None:
    """AB25, AB26: the user cannot log in, the line is named by its number, the others are not affected."""
    users = parse(f"{line}\nann:{GOOD}\n".encode())
    assert set(users.hashes) == {"ann"}
    assert [number for number, _ in users.problems] == [1] * wrong


def test_forms_that_are_read() -> None:
    """AB25: byte order mark, CRLF, no final line end, more fields as in shadow(5), names prepared with SASLprep; the first of two lines counts."""
    other = hashed("other", "other")
    content = (
        f"\ufeffbob:{GOOD}\r\n\r\nann:{GOOD}:19000:0:99999:7:::\nbob:{other}\n\uff41\uff42:{GOOD}\nlocked:!\nlocked:{GOOD}\nzoë:{GOOD}".encode()
    )
    users = parse(content)
    assert users.hashes == {"bob": GOOD, "ann": GOOD, "ab": GOOD, "zoë": GOOD}
    assert [number for number, _ in users.problems] == [4, 7]


def test_not_utf_8() -> None:
    """One line of another encoding is one bad line."""
    users = parse(b"b\xf6b:x\n" + f"ann:{GOOD}".encode())
    assert set(users.hashes) == {"ann"}
    assert users.problems == ((1, "not UTF-8"),)


def test_unknown_users_cost_what_most_users_cost() -> None:
    """AU18: the hash for nobody has the method and rounds of the majority."""
    other = hashed("x", "other")
    users = parse(f"a:$5$saltsalt${'a' * 43}\nb:{GOOD}\nc:{other}".encode())
    assert users.dummy.startswith("$6$rounds=1000$")


@given(st.binary(max_size=300))
def test_total(content: bytes) -> None:
    """Whatever the file holds."""
    users = parse(content)
    assert all(user and stored for user, stored in users.hashes.items())


def write(path: Path, text: str) -> None:
    """Replace the file as an editor does."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o600)
    os.replace(new, path)


async def test_the_file_is_read_again(tmp_path: Path) -> None:
    """AB28: a change counts within a second; a file that is gone, unsafe, torn or no file at all leaves the users of before."""
    path, now = tmp_path / "users", [100.0]
    write(path, f"bob:{GOOD}\n")
    back_end = FileAuthenticator(path, lambda: now[0])

    async def ask(user: str, password: str) -> AuthVerdict:
        now[0] += 2
        return await back_end.authenticate(Credentials(user, password))

    try:
        assert await ask("bob", "pw") is AuthVerdict.ACCEPTED
        write(path, f"ann:{GOOD}\n")
        assert await ask("bob", "pw") is AuthVerdict.REFUSED
        assert await ask("ann", "pw") is AuthVerdict.ACCEPTED
        path.chmod(0o602)
        assert await ask("ann", "pw") is AuthVerdict.ACCEPTED
        path.unlink()
        assert await ask("ann", "pw") is AuthVerdict.ACCEPTED
        os.mkfifo(path)
        assert await ask("ann", "pw") is AuthVerdict.ACCEPTED
        path.unlink()
        path.symlink_to("/proc/version")  # has more than its size tells, like a file that grows while it is read
        assert await ask("ann", "pw") is AuthVerdict.ACCEPTED
        path.unlink()
        write(path, f"joe:{GOOD}\n")
        assert await ask("ann", "pw") is AuthVerdict.REFUSED
        assert await ask("joe", "pw") is AuthVerdict.ACCEPTED
    finally:
        await back_end.close()


@pytest.mark.parametrize("kind", ["absent", "fifo", "folder", "writable"])
def test_files_that_are_refused_at_the_start(kind: str, tmp_path: Path) -> None:
    """The reason names the file and what to do."""
    path = tmp_path / "users"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "writable":
        path.write_text(f"bob:{GOOD}")
        path.chmod(0o666)
    with pytest.raises(PortError, match=str(path)):
        FileAuthenticator(path).check()
