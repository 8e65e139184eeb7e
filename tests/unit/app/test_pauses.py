"""Growing pauses between attempts."""

from tidegate.app.pauses import LONGEST_S, Pauses


class Time:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_pauses_grow_and_end() -> None:
    """Pauses double from the first to the longest; success forgets them."""
    time = Time()
    pauses = Pauses(1.0, lambda: 0.0, time)
    lengths = []
    assert pauses.due("q")
    assert pauses.failed("q") is True
    for _ in range(8):
        begin = time.now
        while not pauses.due("q"):
            time.now += 0.5
        lengths.append(time.now - begin)
        assert pauses.failed("q") is False
    assert lengths == [1, 2, 4, 8, 16, LONGEST_S, LONGEST_S, LONGEST_S]
    assert (bool(pauses), pauses.names) == (True, ["q"])
    assert pauses.worked("q") is True
    assert pauses.worked("q") is False
    assert (bool(pauses), pauses.names, pauses.due("q")) == (False, [], True)


def test_jitter_shortens_by_up_to_half() -> None:
    """The random part takes away at most half of a pause."""
    time = Time()
    for jitter, expected in ((0.0, 1.0), (0.5, 0.75), (0.999, 0.5005)):
        pauses = Pauses(1.0, lambda jitter=jitter: jitter, time)  # type: ignore[misc]
        pauses.failed("q")
        time.now += expected - 0.01
        assert not pauses.due("q")
        time.now += 0.02
        assert pauses.due("q")


def test_one_attempt_when_a_pause_is_over() -> None:
    """Of many who ask, one may try; the others when its outcome stayed away for too long."""
    time = Time()
    pauses = Pauses(1.0, lambda: 0.0, time)
    assert [pauses.attempt("q", 10) for _ in range(3)] == [True] * 3  # nothing has failed
    pauses.failed("q")
    assert not pauses.attempt("q", 10)
    time.now += 1
    assert [pauses.attempt("q", 10) for _ in range(3)] == [True, False, False]
    time.now += 10
    assert [pauses.attempt("q", 10) for _ in range(2)] == [True, False]
    assert pauses.attempt("other", 10)
