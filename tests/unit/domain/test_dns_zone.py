"""Zone files: what they say and what is wrong with them. What they answer is in the contract checks of the resolver that uses them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.dns_zone import Zone


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([], "a zone is an object whose keys are names"),
        ({"A.example": []}, "'A.example': a name is text in lower case"),
        ({"a.example": "A"}, "a.example: its records are not a list"),
        ({"a.example": {"A": "192.0.2.1"}}, "a.example: its records are not a list"),
        ({"a.example": ["A"]}, "a.example: 'A' is not a list that begins with a type"),
        ({"a.example": [[]]}, "a.example: [] is not a list that begins with a type"),
        ({"a.example": [[1, "192.0.2.1"]]}, "a.example: [1, '192.0.2.1'] is not a list that begins with a type"),
        ({"a.example": [["A"]]}, "a.example: ['A'] is not a type and its data"),
        ({"a.example": [["TIMEOUT", 1, 2]]}, "a.example: ['TIMEOUT', 1, 2] is not a type and its data"),
        ({"a.example": [["A", "192.0.2.256"]]}, "a.example: ['A', '192.0.2.256'] has data that is not of its type"),
        ({"a.example": [["A", 3221225985]]}, "a.example: ['A', 3221225985] has data that is not of its type"),
        ({"a.example": [["AAAA", "192.0.2.1"]]}, "a.example: ['AAAA', '192.0.2.1'] has data that is not of its type"),
        ({"a.example": [["TXT", "text"]]}, "a.example: ['TXT', 'text'] has data that is not of its type"),
        ({"a.example": [["TXT", ["\ud800"]]]}, "a.example: ['TXT', ['\\ud800']] has data that is not of its type"),
        ({"a.example": [["MX", "mx.example"]]}, "a.example: ['MX', 'mx.example'] has data that is not of its type"),
        ({"a.example": [["MX", ["10", "mx.example"]]]}, "a.example: ['MX', ['10', 'mx.example']] has data that is not of its type"),
        ({"a.example": [["PTR", None]]}, "a.example: ['PTR', None] has data that is not of its type"),
    ],
)
def test_errors(content: object, complaint: str) -> None:
    """A mistake in a zone file is named: a check that runs on other data than its author meant proves nothing."""
    with pytest.raises(ValueError) as caught:
        Zone.parse(content)
    assert complaint == caught.value.args[0]


@pytest.mark.parametrize(
    ("records", "record_type", "expected"),
    [
        ([["TIMEOUT"], ["A", "192.0.2.1"]], "A", DnsAnswer(DnsStatus.TEMPERROR)),
        ([["A", "192.0.2.1"], ["TIMEOUT"], ["A", "192.0.2.2"]], "A", DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1",))),
        ([["A", "192.0.2.1"], ["TIMEOUT"]], "TXT", DnsAnswer(DnsStatus.TEMPERROR)),
        ([["TXT", "TIMEOUT"], ["A", "192.0.2.1"]], "A", DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1",))),
        ([["TXT", ["a"]], ["TXT", "TIMEOUT"]], "TXT", DnsAnswer(DnsStatus.TEMPERROR)),
        ([["SPF", ["v=spf1"]], ["X", {"any": 1}]], "TXT", DnsAnswer(DnsStatus.NOERROR)),
        ([["TXT", []]], "TXT", DnsAnswer(DnsStatus.NOERROR, texts=(b"",))),
        ([], "A", DnsAnswer(DnsStatus.NOERROR)),
        ([["CNAME", "other.example"]], "A", DnsAnswer(DnsStatus.NXDOMAIN)),
        ([["CNAME", "a..b"]], "A", DnsAnswer(DnsStatus.NXDOMAIN)),
        ([["CNAME", "name.example"]], "A", DnsAnswer(DnsStatus.TEMPERROR)),
    ],
)
def test_order_of_records(records: list[list[object]], record_type: str, expected: DnsAnswer) -> None:
    """Where in the list a time-out stands decides what it hits."""
    assert expected == Zone.parse({"name.example": records}).answer(DnsQuery("name.example", RecordType(record_type)))


def test_zones_of_the_corpora(corpora: Path) -> None:
    """The zones of all SPF cases and of the end-to-end cases are read."""
    for line in (corpora / "spf" / "cases.jsonl").read_text("utf-8").splitlines():
        Zone.parse(json.loads(line)["zone"])
    for content in json.loads((corpora / "e2e-auth" / "zones.json").read_text("utf-8")).values():
        assert Zone.parse(content).names


json_values = st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=6)


@given(
    st.dictionaries(
        st.text("a.", max_size=5), st.lists(json_values | st.tuples(st.sampled_from(["A", "MX", "TXT", "TIMEOUT"]), json_values), max_size=3)
    )
)
def test_total(content: dict[str, list[object]]) -> None:
    """Any JSON is a zone that answers, or a ValueError."""
    try:
        zone = Zone.parse(content)
    except ValueError:
        return
    for name in content:
        for record_type in RecordType:
            assert isinstance(zone.answer(DnsQuery(name, record_type)), DnsAnswer)
