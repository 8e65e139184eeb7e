"""What systemd is told."""

import socket
from pathlib import Path

import pytest

from tidegate.app.supervisor.systemd import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_notify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    """One datagram to the socket that the environment names, in the file system or abstract."""
    name = f"@{tmp_path}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "x" * 200])
def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Nothing happens."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")
