"""The process as the system sees it: lock file, account, log, systemd, exit status."""

import os
import pwd
import signal
import socket
from pathlib import Path

import pytest
from tests.servers.client import Client
from tests.servers.process import GatewayProcess, wait_until

pytestmark = pytest.mark.integration

ACCOUNT = "nobody"


def refusal(gateway: GatewayProcess, **changes: str) -> str:
    """What a server says that cannot start; its status is 78."""
    gateway.write_config(**changes)
    gateway.run()
    assert gateway.wait() == 78
    said = gateway.log()
    assert "Traceback" not in said
    return said


def test_lock() -> None:
    """It holds the process id, keeps a second server away, and is empty at the end."""
    first = GatewayProcess()
    lock = first.directory / "tidegate.pid"
    first.settings = {"lock": str(lock)}
    with first:
        assert lock.read_text() == f"{first.pid}\n"
        second = GatewayProcess({"lock": str(lock)})
        try:
            assert f"lock {lock}: another server runs already (process {first.pid})" in refusal(second)
        finally:
            second._remove()
        assert first.stop() == 0
        assert lock.read_text() == ""
        first.start()
        assert lock.read_text() == f"{first.pid}\n"


def test_what_keeps_a_server_from_starting(tmp_path: Path) -> None:
    """Each is one line that says what to do, with status 78."""
    with GatewayProcess() as running:
        other = GatewayProcess()
        try:
            assert f"127.0.0.1 port {running.port}: another program listens there" in refusal(other, smtp_port=str(running.port))
            assert "is in use by another gateway" in refusal(other, queue_directory=str(running.queue_directory))
            assert "there is no such account" in refusal(other, user="no-such-user-here")
            (tmp_path / "file").touch()
            assert f"state-directory {tmp_path}/file/state: " in refusal(other, state_directory=str(tmp_path / "file" / "state"))
            assert "application-log /nowhere/log: cannot be written to" in refusal(other, application_log="/nowhere/log")
            assert "received-log-file /nowhere/log: cannot be written to" in refusal(other, received_log_file="/nowhere/log")
            (tmp_path / "board").mkdir()
            (tmp_path / "board" / "connections").write_bytes(b"something else" * 1000)
            assert "not a board of connections" in refusal(other, state_directory=str(tmp_path / "board"))
        finally:
            other._remove()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another account")
def test_user() -> None:
    """OP06: ports are bound and the state folder is made as root; then nobody in the server is root any more, groups included, for good."""
    account = pwd.getpwnam(ACCOUNT)
    gateway = GatewayProcess({"user": ACCOUNT, "smtp-threads": "2"})
    gateway.directory.chmod(0o755)
    with gateway:
        for pid in (gateway.pid, *gateway.workers()):
            facts = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
            assert set(facts["Uid"].split()) == {str(account.pw_uid)}
            assert set(facts["Gid"].split()) == {str(account.pw_gid)}
            assert "0" not in facts["Groups"].split()
            assert int(facts["CapEff"], 16) == 0
        assert gateway.state.stat().st_uid == account.pw_uid
        assert gateway.state.stat().st_mode & 0o777 == 0o700
        with Client.connect(gateway.port) as client:
            client.greet()
            assert client.mail().startswith("250")
        gateway.config.chmod(0o644)
        assert gateway.reload()
        gateway.write_config(user="root", lock=str(gateway.directory / "lock"))
        gateway.config.chmod(0o644)
        assert gateway.reload(), "a change of user or lock is told and has no effect"
        assert [record["setting"] for record in gateway.logged("a change of this setting takes a restart")] == ["user", "lock"]
        assert all(os.stat(f"/proc/{pid}").st_uid == account.pw_uid for pid in gateway.workers())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another account")
def test_user_without_rights(tmp_path: Path) -> None:
    """A state folder of somebody else is named, not a traceback."""
    tmp_path.chmod(0o755)
    gateway = GatewayProcess({"user": ACCOUNT})
    try:
        gateway.directory.chmod(0o755)
        gateway.state.mkdir(mode=0o700)
        said = refusal(gateway)
        assert f"state-directory {gateway.state}: " in said
        assert "this user can write to" in said
    finally:
        gateway._remove()


def test_odd_surroundings(tmp_path: Path) -> None:
    """OP10, OP11: without standard streams, working directory and temporary folder, with umask 0 and variables of Python's, it serves, and what it
    writes is nobody else's to write to."""
    gone = tmp_path / "gone"
    gone.mkdir()
    enter = 'cd "$0" && rmdir "$0" && umask 000 && exec "$@" <&- >&- 2>&-'
    odd = {
        "PYTHONPATH": "/nowhere",
        "PYTHONWARNINGS": "error",
        "PYTHONDEVMODE": "1",
        "PYTHONHASHSEED": "0",
        "TMPDIR": "/nowhere",
        "LC_ALL": "C",
    }
    gateway = GatewayProcess({"smtp-threads": "2"}, environ=odd, wrapper=["sh", "-c", enter, str(gone)])
    logs = {"application-log": gateway.directory / "said.log", "received-log-file": gateway.directory / "received.log"}
    gateway.settings = dict(gateway.settings) | {key: str(path) for key, path in logs.items()}
    try:
        gateway.write_config()
        gateway.run()
        wait_until(lambda: logs["application-log"].exists() and logs["application-log"].read_text().count('"serving"') == 2, "it serves", 30)
        for pid in (gateway.pid, *gateway.workers()):
            assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)} == {os.devnull}
        with Client.connect(gateway.port) as client:
            client.greet()
            assert client.mail().startswith("250")
        assert gateway.stop() == 0
        written = [*logs.values(), gateway.state, *gateway.state.rglob("*")]
        assert len(gateway.documents()) == 1
        assert [path for path in written if path.stat().st_mode & 0o002] == []
        assert [path for path in (gateway.queue_directory, *gateway.queue_directory.rglob("*")) if path.stat().st_mode & 0o077] == []
    finally:
        gateway._remove()


def test_systemd(tmp_path: Path) -> None:
    """READY=1 once mail is taken, RELOADING=1 and READY=1 around a reload, good or bad, STOPPING=1 at the end."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(20)

        def told() -> str:
            return manager.recv(200).decode()

        with GatewayProcess({"smtp-threads": "2"}, environ={"NOTIFY_SOCKET": address}) as gateway:
            assert told() == "READY=1"
            with Client.connect(gateway.port) as client:
                client.greet()
            for bad in (False, True):
                gateway.write_config(smtp_hostname="bad!" if bad else "mx.example.com")
                gateway.signal(signal.SIGHUP)
                reloading, _, usec = told().partition("\nMONOTONIC_USEC=")
                assert reloading == "RELOADING=1"
                assert int(usec) > 0
                assert told() == "READY=1"
            gateway.signal(signal.SIGTERM)
            assert told() == "STOPPING=1"
            assert gateway.wait() == 0
            manager.setblocking(False)
            with pytest.raises(BlockingIOError):
                told()


def test_one_log_for_parent_and_workers() -> None:
    """``application-log`` gets what the parent says too; a rotated file is made again; each line carries ``server-id``."""
    gateway = GatewayProcess({"smtp-threads": "1"})
    log = gateway.directory / "tidegate.log"
    with gateway:
        gateway.write_config(application_log=f"stderr,{log}", server_id="mx1")
        assert gateway.reload()
        os.kill(gateway.workers()[-1], signal.SIGKILL)
        wait_until(
            lambda: "worker died" in log.read_text() and '"serving"' in log.read_text().rpartition("worker died")[2], "its death in the log"
        )
        log.rename(gateway.directory / "tidegate.log.1")
        gateway.write_config(application_log=f"stderr,{log}", server_id="mx1", smtp_hostname="bad!")
        assert not gateway.reload()
        assert "smtp-hostname" in log.read_text()
        assert all('"server": "mx1"' in line for line in log.read_text().splitlines())


def test_signals_to_the_whole_group() -> None:
    """A terminal that hangs up, or a service manager that signals everybody: workers leave it to the parent."""
    with GatewayProcess({"smtp-threads": "2"}, group=True) as gateway, Client.connect(gateway.port) as client:
        client.greet()
        before = len(gateway.serving())
        os.killpg(gateway.pid, signal.SIGHUP)
        wait_until(lambda: len(gateway.serving()) == before + 2, "new workers")
        assert client.mail().startswith("250")
        os.killpg(gateway.pid, signal.SIGTERM)
        assert gateway.wait() == 0
        assert not gateway.logged("worker died")
