"""System calls per message."""

from bench.syscalls import call_table, parse_summary

SUMMARY = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           1       500           sendto
 30.00    0.000300           1       300        20 recvfrom
 10.00    0.000100           0         3           close
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           1       803        20 total
"""


def test_summary() -> None:
    """The column of errors may be empty; rules and the total are no calls."""
    assert parse_summary(SUMMARY) == {"sendto": 500, "recvfrom": 300, "close": 3}
    assert parse_summary("") == {}


def test_table() -> None:
    """Rare calls are summed up, none is lost from the sum."""
    text = call_table({"a": {"read": 1.0, "write": 2.0, "brk": 0.01}, "b": {"read": 3.0}})
    assert [line.replace(" ", "") for line in text.splitlines()[2:]] == [
        "|write|2.00|0.00|",
        "|read|1.00|3.00|",
        "|others|0.01|0.00|",
        "|all|3.01|3.00|",
    ]
