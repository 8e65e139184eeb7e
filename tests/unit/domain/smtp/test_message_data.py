"""The end of data, dots, line ends and bounds of one message."""

from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.smtp.end_of_data import EndOfData
from tidegate.domain.smtp.line_ends import normalize, only_crlf
from tidegate.domain.smtp.message_data import MessageData, Refusal

END = b"\r\n.\r\n"


@attrs.define
class Budget:
    """A byte budget that is a number."""

    left: int = 1 << 40

    def take_bytes(self, count: int) -> bool:
        """Take while there is some."""
        if count > self.left:
            return False
        self.left -= count
        return True

    def give_bytes(self, count: int) -> None:
        """Give back."""
        self.left += count


def reference(stream: bytes) -> tuple[bytes | Refusal, bytes]:
    """What RFC 5321 says of a stream with an end mark: the message or its refusal, and what follows."""
    end = (b"\r\n" + stream).find(END)
    content, rest = stream[:end], stream[end + 3 :]
    stripped = content.replace(b"\r\n", b"")
    if any(byte in stripped for byte in b"\r\n\0"):
        return Refusal.BARE_LINE_ENDS, rest
    lines = content.split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines), rest


def read(pieces: list[bytes], max_bytes: int = 1 << 40, budget: Budget | None = None) -> tuple[bytes | Refusal, bytes]:
    """Feed the pieces; the message or its refusal, and what follows the end mark."""
    data = MessageData(max_bytes, budget or Budget())
    for index, piece in enumerate(pieces):
        consumed = data.feed(piece)
        if consumed is not None:
            return data.finish(dots=True), piece[consumed:] + b"".join(pieces[index + 1 :])
    raise AssertionError("no end")


@pytest.mark.parametrize("length", range(8))
def test_every_short_sequence_ends_where_the_standard_says(length: int) -> None:
    """SM16: all strings of CR, LF, dot, NUL and "a" up to 7 octets before the end mark, against a reference of one line."""
    for letters in product(b"\r\n.\0a", repeat=length):
        stream = b"x" + bytes(letters) + END
        expected = reference(stream)
        assert read([stream]) == expected, stream
        if length <= 5:
            assert read([bytes([byte]) for byte in stream]) == expected, stream


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"..a\r\n.\r\n", b".a\r\n"),
        (b"a\r\n. \r\n.\r\n", b"a\r\n \r\n"),
        (b"a\r\n.\t\r\n.\r\n", b"a\r\n\t\r\n"),
        (b"\xe2\x80\xa8.\xe2\x80\xa8\r\n.\r\n", b"\xe2\x80\xa8.\xe2\x80\xa8\r\n"),
        (b"\x85.\x85\x0c.\x0c\x1e.\x1e\r\n.\r\n", b"\x85.\x85\x0c.\x0c\x1e.\x1e\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", Refusal.BARE_LINE_ENDS),
        (b"a\0b\r\n.\r\n", Refusal.BARE_LINE_ENDS),
    ],
)
def test_dots_and_line_ends(stream: bytes, expected: bytes | Refusal) -> None:
    """SM13, SM14, SM17, SM18: whole and octet by octet, and what follows is left alone."""
    for pieces in ([stream + b"NOOP\r\n"], [bytes([byte]) for byte in stream] + [b"NOOP\r\n"]):
        assert read(pieces) == (expected, b"NOOP\r\n")


@given(st.lists(st.sampled_from([b"a", b".", b"..", b"\r\n", b"\r", b"\n", b"\n.", b"\r\n.", b"xyz" * 9]), max_size=60), st.data())
def test_cutting_changes_nothing(letters: list[bytes], data: st.DataObject) -> None:
    """Any stream, cut anywhere, also with more dots at line starts than are looked at one by one."""
    stream = b"".join(letters) + END + b"QUIT\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    result, rest = read([piece for piece in pieces if piece])
    assert (result, rest) == reference(stream)


@given(st.binary(max_size=200) | st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a", b"\0"]), max_size=40).map(b"".join))
def test_only_crlf_agrees_with_its_definition(data: bytes) -> None:
    """Exact for every byte sequence."""
    stripped = data.replace(b"\r\n", b"")
    assert only_crlf(data) == (not any(byte in stripped for byte in b"\r\n\0"))


@pytest.mark.parametrize("tail", [b"\r", b"\n", b"\r\n", b"\0", b""])
@pytest.mark.parametrize("size", [(1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1 << 19])
def test_only_crlf_across_slices(size: int, tail: bytes) -> None:
    """A pair that is cut by the slices it is read in is still a pair."""
    assert only_crlf(b"a" * (size - 1) + b"\r\n" + b"b") is True
    assert only_crlf(b"a" * size + tail) is (tail in (b"\r\n", b""))


@given(st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a"]), max_size=40).map(b"".join))
def test_normalize_leaves_only_crlf(data: bytes) -> None:
    """Bare CR and LF become CRLF, pairs stay."""
    assert only_crlf(normalize(data))
    assert normalize(normalize(data)) == normalize(data)


@pytest.mark.parametrize(
    ("size", "stuffed", "expected"),
    [(99, 0, True), (100, 0, True), (101, 0, False), (100, 40, True), (101, 40, False)],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_limit_counts_what_is_left_after_unstuffing(size: int, stuffed: int, expected: bool, step: int) -> None:
    """CM07: exactly the limit passes, dots of stuffing do not count, CRLF does."""
    body = b".\r\n" * (stuffed // 3) + b"a" * (size - 3 * (stuffed // 3) - 2) + b"\r\n"
    wire = b"".join(b"." + line if line.startswith(b".") else line for line in body.splitlines(True)) + b".\r\n"
    pieces = [wire[start : start + step] for start in range(0, len(wire), step)]
    result, _ = read(pieces, max_bytes=100)
    assert result == (body if expected else Refusal.TOO_BIG)


def test_nothing_is_stored_beyond_the_limit() -> None:
    """RS11, RS14: a message over the limit, one endless line here, is read to its end in constant memory, and its reservation is given back at once."""
    budget = Budget(5_000)
    data = MessageData(1_000, budget)
    for _ in range(1_000):
        assert data.feed(b"b" * 1_000) is None
        assert data.size <= 2_000
    assert budget.left == 5_000
    assert data.feed(b"\r\n.\r\nQUIT\r\n") == 5
    assert data.finish(dots=True) is Refusal.TOO_BIG


def test_a_spent_budget_refuses_the_message() -> None:
    """RS11: memory that is not there is not used; what was reserved is given back."""
    budget = Budget(1_500)
    result, rest = read([b"a" * 1_000, b"b" * 1_000, b"\r\n.", b"\r\nRSET\r\n"], budget=budget)
    assert (result, rest) == (Refusal.NO_MEMORY, b"RSET\r\n")
    assert budget.left == 1_500


@given(st.integers(1, 12), st.sampled_from([b"\r\n..", b"\n.", b"\r\n.a", b"\r"]))
def test_hostile_repetition_is_read_once(power: int, unit: bytes) -> None:
    """RS14, HD10: what is searched again with each piece does not grow with the message."""
    end = EndOfData()
    for _ in range(1 << power):
        assert end.feed(unit) is None
    assert len(end._tail) <= 4


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n.", b"\r\n.a\r\n"]), max_size=60), st.data())
def test_dots_are_counted(letters: list[bytes], data: st.DataObject) -> None:
    """Wherever the input is cut, and however many there are."""
    stream = b"".join(letters) + END
    end, consumed, at = EndOfData(), None, 0
    while consumed is None:
        size = data.draw(st.integers(1, len(stream)), label="piece")
        consumed = end.feed(stream[at : at + size])
        at += size if consumed is None else consumed
    whole = b"\r\n" + stream
    assert at == whole.find(END) + 3
    assert end.dots == whole[: whole.find(END)].count(b"\r\n.")
