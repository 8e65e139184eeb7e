"""The parent process: restarts, reloads, signals at bad moments. Workers are small functions in real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Self

import attrs
import pytest

SCRIPT = Path(__file__).with_name("scripted_service.py")
PATIENCE_S = 20.0


def eventually(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until something holds."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up_at, what()
        time.sleep(0.005)


@attrs.define(eq=False)
class Scripted:
    """One running service."""

    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, plan: str) -> Self:
        """Start with this plan."""
        (folder / "events").touch()
        (folder / "next").touch()
        return cls(folder, subprocess.Popen([sys.executable, str(SCRIPT), str(folder), plan], stderr=subprocess.DEVNULL, process_group=0))

    def events(self) -> list[str]:
        """What has happened."""
        return (self.folder / "events").read_text().splitlines()

    def said(self, beginning: str) -> list[str]:
        """Events that begin so."""
        return [event for event in self.events() if event.startswith(beginning)]

    def pids(self, beginning: str) -> list[int]:
        """Of the workers of these events."""
        return [int(event.split()[-1]) for event in self.said(beginning)]

    def expect(self, beginning: str, count: int = 1) -> None:
        """Wait until there are so many such events."""
        eventually(lambda: len(self.said(beginning)) >= count, lambda: f"{count} times {beginning!r} in {self.events()}")

    def reload(self, plan: str) -> None:
        """Ask for a reload with this plan."""
        beside = self.folder / "beside"
        beside.write_text(plan)
        beside.replace(self.folder / "next")
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Ask it to end; its status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Scripted]]:
    """Starts services; whatever is left of them is killed."""
    running: list[Scripted] = []

    def start_one(plan: str) -> Scripted:
        running.append(Scripted.start(tmp_path, plan))
        return running[-1]

    yield start_one
    for service in running:
        with suppress(ProcessLookupError):
            os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait(PATIENCE_S)


Start = Callable[[str], Scripted]


def test_a_dead_worker_is_replaced(start: Start) -> None:
    """Killed, it is replaced; the others are left alone; SIGTERM ends all, with status 0."""
    service = start("2 serve")
    service.expect("serving", 2)
    victim, other = service.pids("serving")
    os.kill(victim, signal.SIGKILL)
    service.expect("serving", 3)
    assert service.stop() == 0
    assert sorted(service.pids("told SIGTERM")) == sorted([other, service.pids("serving")[2]])
    assert service.said("log worker died")


def test_workers_that_die_at_once_are_started_with_growing_pauses(start: Start) -> None:
    """A fault at the start is tried again, and the parent stays and obeys."""
    service = start("1 broken")
    service.expect("broken", 4)
    assert service.stop() == 0


def test_a_worker_that_dies_again_and_again_leaves_the_others_alone(start: Start) -> None:
    """RS17: it is replaced after growing pauses, and who serves goes on serving."""
    service = start("2 falling")
    service.expect("falling", 4)
    moments = [float(event.split()[1]) for event in service.said("falling")]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert all(pause > least for pause, least in zip(pauses, (0.05, 0.1, 0.2), strict=False)), pauses
    [steady] = service.pids("serving")
    assert not service.said("told")
    assert service.stop() == 0
    assert steady in service.pids("told SIGTERM")


def test_an_unusable_configuration_ends_the_first_start(start: Start) -> None:
    """Status 78: what started the server should not do it again; workers that serve already are ended."""
    service = start("2 unusable")
    assert service.process.wait(PATIENCE_S) == 78


def test_reload_replaces_all_workers(start: Start) -> None:
    """New ones serve before the old ones are told to retire, and only then is the plan in force."""
    service = start("2 serve")
    service.expect("serving", 2)
    old = service.pids("serving")
    service.reload("3 serve")
    service.expect("told SIGUSR1", 2)
    service.expect("in-force")
    events = service.events()
    assert sorted(service.pids("told SIGUSR1")) == sorted(old)
    assert [event for event in events if event.startswith("in-force")] == ["in-force 3 serve"]
    first_told = next(index for index, event in enumerate(events) if event.startswith("told"))
    assert sum(event.startswith("serving") for event in events[:first_told]) == 5
    assert service.stop() == 0


@pytest.mark.parametrize("bad", ["1 unusable", "2 broken", "2 hang", "", "fault"])
def test_a_reload_that_fails_changes_nothing(start: Start, bad: str) -> None:
    """OP02: whatever goes wrong, the old workers go on as if nothing had been, and a good reload works afterwards."""
    service = start("2 serve")
    service.expect("serving", 2)
    old = service.pids("serving")
    service.reload(bad)
    service.expect("log configuration not reloaded")
    if " " in bad:
        service.expect("in-force")
    assert service.said("in-force") == (["in-force 2 serve"] if " " in bad else []), "the old plan is in force again"
    assert not service.said("told")
    os.kill(old[0], signal.SIGKILL)
    service.expect("serving", 3)
    service.reload("1 serve")
    service.expect("told SIGUSR1", 2)
    service.expect("in-force 1 serve")
    assert service.stop() == 0


def test_a_reload_is_announced_when_nobody_meets_the_old_configuration(start: Start) -> None:
    """Old workers tell that they take no new connections, and are not waited for beyond that; one that tells nothing holds up nobody."""
    service = start("2 linger")
    service.expect("serving", 2)
    service.reload("1 deaf")
    service.expect("log configuration reloaded")
    events = service.events()
    announced = events.index("log configuration reloaded")
    assert sum(event.startswith("takes no more") for event in events[:announced]) == 2
    service.reload("1 serve")
    service.expect("log configuration reloaded", 2)
    assert not service.said("told"), "the deaf one is still there"
    assert service.stop() == 0


def test_a_signal_during_a_reload_is_remembered(start: Start) -> None:
    """The last state of the file wins, however close the signals come."""
    service = start("1 serve")
    service.expect("serving")
    service.reload("1 hang")
    service.expect("hanging")
    service.reload("2 serve")
    service.expect("in-force 2 serve")
    assert service.stop() == 0


def test_a_storm_of_reloads(start: Start) -> None:
    """QU25: every one ends well, no worker is left behind, and the last plan is in force."""
    service = start("2 serve")
    service.expect("serving", 2)
    for _ in range(100):
        service.reload("2 serve")
        time.sleep(0.002)
    service.reload("1 serve")
    service.expect("in-force 1 serve")
    eventually(lambda: len(service.said("told")) == len(service.said("serving")) - 1, lambda: str(service.events()))
    assert service.stop() == 0
    assert not service.said("log worker died")
    assert not service.said("log configuration not reloaded")


def test_stop_during_a_reload(start: Start) -> None:
    """SIGTERM ends both generations, those that have not got ready included."""
    service = start("2 serve")
    service.expect("serving", 2)
    service.reload("2 hang")
    service.expect("hanging", 2)
    assert service.stop() == 0
    assert len(service.said("told SIGTERM")) == 2
    assert len(service.said("hanging")) == 2


@pytest.mark.parametrize("served", [1, 2, 5])
def test_stop_while_workers_start(start: Start, served: int) -> None:
    """Workers on their way get the signal, and it is not taken for a second one to the parent: the end is clean whenever it comes."""
    service = start("6 serve")
    service.expect("serving", served)
    assert service.stop() == 0
    assert service.said("ended") == ["ended 0"]
    assert not service.said("log")


def test_signals_to_the_whole_group(start: Start) -> None:
    """A terminal that hangs up reloads, and does not end the workers; Ctrl-C ends all."""
    service = start("2 serve")
    service.expect("serving", 2)
    (service.folder / "next").write_text("")
    os.killpg(service.process.pid, signal.SIGHUP)
    service.expect("log configuration not reloaded")
    assert not service.said("log worker died")
    os.killpg(service.process.pid, signal.SIGINT)
    assert service.process.wait(PATIENCE_S) == 0
    assert len(service.said("told SIGINT")) == 2


def test_a_worker_that_never_gets_ready_is_replaced(start: Start) -> None:
    """At the first start too: it is killed when its time is up."""
    service = start("1 hang")
    service.expect("hanging", 2)
    assert service.said("log worker killed")
    assert service.stop() == 0


def test_a_worker_that_does_not_end_is_killed(start: Start) -> None:
    """QU24: the end comes, whatever hangs; and a retiring worker is bounded too."""
    service = start("1 deaf")
    service.expect("serving")
    service.reload("1 serve")
    service.expect("log worker killed")
    service.reload("1 deaf")
    service.expect("told SIGUSR1")
    assert service.stop() == 0
    assert len(service.said("log worker killed")) == 2


def test_a_second_signal_ends_at_once(start: Start) -> None:
    """QU25: who cannot wait says it twice."""
    service = start("2 deaf")
    service.expect("serving", 2)
    service.process.send_signal(signal.SIGTERM)
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(PATIENCE_S) == 0
    assert service.said("log stopping at once")
    assert not service.said("log worker killed")


def test_workers_learn_of_the_parents_death(start: Start) -> None:
    """QU26: however it dies, the lifeline ends."""
    service = start("2 serve")
    service.expect("serving", 2)
    service.process.kill()
    service.expect("orphaned", 2)


def test_descriptors_do_not_pile_up(start: Start) -> None:
    """After many reloads parent and workers hold as many as after one."""
    service = start("2 descriptors")
    service.expect("serving", 2)
    parent = Path(f"/proc/{service.process.pid}/fd")
    before = len(list(parent.iterdir()))
    for count in range(2, 12):
        service.reload("2 descriptors")
        service.expect("told SIGUSR1", 2 * (count - 1))
    eventually(lambda: len(list(parent.iterdir())) == before, lambda: f"{before} became {len(list(parent.iterdir()))}")
    counts = [int(event.split()[1]) for event in service.said("descriptors")]
    assert max(counts) <= min(counts)
    assert service.stop() == 0
