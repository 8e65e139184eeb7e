"""Programs that hang, crash, flood or cannot be run."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.integration.auth.peers import BOB
from tests.integration.auth.programs import program

from tidegate.adapters.auth.program import ExecAuthenticator
from tidegate.ports.authenticator import AuthVerdict
from tidegate.ports.errors import PermanentFailure
from tidegate.ports.testing.authenticator import ACCOUNTS, check_unavailable

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit 0", AuthVerdict.ACCEPTED), ("exit 1", AuthVerdict.REFUSED), ("exit 2", AuthVerdict.REFUSED), ("exit 75", AuthVerdict.UNAVAILABLE),
        ("exit 111", AuthVerdict.UNAVAILABLE), ("exit 126", AuthVerdict.UNAVAILABLE), ("exit 127", AuthVerdict.UNAVAILABLE), ("kill -9 $$", AuthVerdict.UNAVAILABLE),
        ("sleep 3600", AuthVerdict.UNAVAILABLE), ("trap '' TERM; sleep 3600; sleep 3600", AuthVerdict.UNAVAILABLE), ("sleep 30 & exit 0", AuthVerdict.ACCEPTED),
        ("head -c 100000000 /dev/zero; exit 0", AuthVerdict.ACCEPTED), ("exec <&-; exit 1", AuthVerdict.REFUSED),
    ],
)  # fmt: skip
async def test_exec_statuses(text: str, expected: AuthVerdict, tmp_path: Path) -> None:
    """AB21, AB22: by the exit status; what hangs is killed with its whole group."""
    back_end = ExecAuthenticator(program(tmp_path, text, "/bin/sh"), deadline_s=2)
    assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is expected


async def test_exec_is_killed_with_its_children(tmp_path: Path) -> None:
    """AB21: neither the program nor what it has started is there afterwards, though they do not hear SIGTERM."""
    pids = tmp_path / "pids"
    text = f"trap '' TERM\nsleep 3600 &\necho $$ $! > {pids}\nwait\nsleep 3600"
    back_end = ExecAuthenticator(program(tmp_path, text, "/bin/sh"), deadline_s=2)
    assert await asyncio.wait_for(back_end.authenticate(BOB), 20) is AuthVerdict.UNAVAILABLE
    leader, child = pids.read_text().split()
    assert state_of(leader) == ""
    async with asyncio.timeout(5):
        while state_of(child)[:1] not in ("", "Z"):  # noqa: ASYNC110 - its end is no event for us; a zombie where nobody takes orphans in
            await asyncio.sleep(0.01)


async def test_exec_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AB19, AB20: nothing but the promised environment, no arguments, no descriptors, the credentials on two lines."""
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    seen = tmp_path / "seen"
    text = (
        f"import os, sys\nopen({str(seen)!r}, 'w').write(repr((sorted(os.environ), sys.argv[1:], sys.stdin.read(), os.getcwd(),"
        " sorted(set(os.listdir('/proc/self/fd')) - {'0', '1', '2'}), os.getpgid(0) == os.getpid(), os.environ['TIDEGATE_REMOTE_IP'])))\n"
    )
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    await ExecAuthenticator(program(tmp_path, text)).authenticate(BOB)
    os.close(inherited)
    environment, arguments, said, folder, descriptors, leads, ip = eval(seen.read_text())
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "LANG", "TIDEGATE_REMOTE_IP"}
    assert (arguments, said, folder, leads, ip) == ([], f"bob\n{ACCOUNTS['bob']}\n", "/", True, "192.0.2.1")
    assert str(inherited) not in descriptors


def state_of(pid: str) -> str:
    """State and parent of a process; empty when it is gone."""
    try:
        return " ".join(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[:2])
    except OSError:
        return ""


async def test_exec_leaves_nothing_behind(tmp_path: Path) -> None:
    """AB21, AB24: a flood is bounded; afterwards there are neither zombies nor descriptors more than before."""
    back_end = ExecAuthenticator(program(tmp_path, "exit 0", "/bin/sh"))
    await back_end.authenticate(BOB)
    before = len(os.listdir("/proc/self/fd"))
    verdicts = await asyncio.gather(*(back_end.authenticate(BOB) for _ in range(1_000)))
    assert set(verdicts) == {AuthVerdict.ACCEPTED, AuthVerdict.UNAVAILABLE}
    assert verdicts.count(AuthVerdict.ACCEPTED) == 24
    for _ in range(100):
        assert await back_end.authenticate(BOB) is AuthVerdict.ACCEPTED
    assert len(os.listdir("/proc/self/fd")) <= before
    assert [state for state in map(state_of, os.listdir("/proc")) if state == f"Z {os.getpid()}"] == []


@pytest.mark.parametrize("kind", ["missing", "not executable", "writable", "folder", "no interpreter"])
async def test_exec_that_cannot_run(kind: str, tmp_path: Path) -> None:
    """AB23: 454 at run time; refused at the start, but for a bad first line, which only running shows."""
    path = program(tmp_path, "exit 0", "/bin/sh" if kind != "no interpreter" else "/absent/sh")
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path = tmp_path
    elif kind in ("not executable", "writable"):
        path.chmod(0o644 if kind == "not executable" else 0o757)
    back_end = ExecAuthenticator(path)
    await check_unavailable(back_end)
    if kind != "no interpreter":
        with pytest.raises(PermanentFailure, match=str(path)):
            back_end.check()
