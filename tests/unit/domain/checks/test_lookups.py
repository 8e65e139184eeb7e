"""Driving checks, and explaining them."""

from tidegate.domain.checks.lookups import Lookups, Trace, ask, complete, printable
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType


def two_batches() -> Lookups[list[str]]:
    """A check that asks once for two things and once for one."""
    first, second = yield DnsQuery("a.example", RecordType.A), DnsQuery("b.example", RecordType.A)
    third = yield from ask("c.example", RecordType.TXT)
    return [*first.addresses, *second.addresses, *(text.decode() for text in third.texts)]


def test_complete_answers_in_order() -> None:
    """Answers reach the check in the order of its queries."""

    def answer(query: DnsQuery) -> DnsAnswer:
        return DnsAnswer(DnsStatus.NOERROR, addresses=(f"of {query.name}",), texts=(b"text",))

    assert complete(two_batches(), answer) == ["of a.example", "of b.example", "text"]


def test_complete_without_queries() -> None:
    """A check may know its result at once."""

    def known() -> Lookups[int]:
        return 7
        yield ()

    def refuse(query: DnsQuery) -> DnsAnswer:
        raise AssertionError(query)

    assert complete(known(), refuse) == 7


def test_trace_shows_every_kind_of_answer() -> None:
    """An explanation names the query and what came back; nothing in it can move a terminal's cursor."""
    trace = Trace()
    query = DnsQuery("a.example", RecordType.TXT)
    for answer in (
        DnsAnswer(DnsStatus.NXDOMAIN),
        DnsAnswer(DnsStatus.NOERROR),
        DnsAnswer(DnsStatus.NOERROR, texts=(b"\x1b[31m" + b"x" * 1000,)),
        DnsAnswer(DnsStatus.NOERROR, exchanges=(MxRecord(10, "mx.example"), MxRecord(0, ""))),
        DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1", "192.0.2.2")),
    ):
        trace.answered(query, answer, 1)
    assert trace.lines[0] == "  DNS TXT a.example: nxdomain"
    assert trace.lines[1] == "  DNS TXT a.example: no data"
    assert trace.lines[2].startswith("  DNS TXT a.example: '\\x1b[31mxxx")
    assert len(trace.lines[2]) < 300
    assert trace.lines[3] == "  DNS TXT a.example: 10 mx.example, 0 ."
    assert trace.lines[4] == "  DNS TXT a.example: 192.0.2.1, 192.0.2.2"
    assert all(line.isascii() and line.isprintable() for line in trace.lines)


def test_printable() -> None:
    """Text from outside is escaped, plain text is not touched."""
    assert printable("plain text") == "plain text"
    assert printable("é\r\n") == "\\xe9\\r\\n"
