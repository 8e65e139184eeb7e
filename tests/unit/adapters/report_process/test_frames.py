"""Frames between the gateway and the process that reads reports."""

from tidegate.adapters.report_process import frames
from tidegate.domain.reports.limits import MAX_EXPANDED_BYTES


def test_lengths_fit() -> None:
    """The largest question and answer fit into their length, and the largest report that is read into a question."""
    assert frames.QUESTION.unpack(frames.QUESTION.pack(frames.MAX_QUESTION_BYTES)) == (frames.MAX_QUESTION_BYTES,)
    assert frames.ANSWER.unpack(frames.ANSWER.pack(frames.REPORT, frames.MAX_ANSWER_BYTES)) == (b"R", frames.MAX_ANSWER_BYTES)
    assert frames.MAX_QUESTION_BYTES > MAX_EXPANDED_BYTES * 2


def test_kinds_differ() -> None:
    """Each answer is told by one octet."""
    kinds = (frames.REPORT, frames.NOTE, frames.ORDINARY)
    assert len(set(kinds)) == 3
    assert all(len(kind) == 1 for kind in kinds)
