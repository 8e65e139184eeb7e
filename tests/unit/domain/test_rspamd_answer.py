"""Answers of rspamd, right and wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.rspamd_answer import AnswerError, RspamdAnswer, parse_answer
from tidegate.domain.spam_rule import SpamRule

THRESHOLDS = {"reject": 15.0, "add header": 6.0, "greylist": 4.0}


def answer(**changes: object) -> bytes:
    """An answer with parts of it replaced; None takes one out."""
    parts = {
        "is_skipped": False,
        "score": 7.5,
        "required_score": 15.0,
        "action": "add header",
        "thresholds": THRESHOLDS,
        "symbols": {"GTUBE": {"name": "GTUBE", "score": 0.0}, "R_SPF_ALLOW": {}},
    }
    return json.dumps({name: value for name, value in (parts | changes).items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (answer(), RspamdAnswer(True, 7.5, 6.0, ("GTUBE", "R_SPF_ALLOW"))),
        (answer(action="no action", score=0, symbols=None), RspamdAnswer(False, 0.0, 6.0)),
        (answer(action="greylist", score=-1), RspamdAnswer(False, -1.0, 6.0, ("GTUBE", "R_SPF_ALLOW"))),
        (answer(action="soft reject", symbols={}), RspamdAnswer(False, 7.5, 6.0)),
        (answer(action="reject", thresholds=None, symbols={}), RspamdAnswer(True, 7.5, 15.0)),
        (answer(action="reject", thresholds={"reject": 9}, symbols={}), RspamdAnswer(True, 7.5, 15.0)),
    ],
)
def test_answers(body: bytes, expected: RspamdAnswer) -> None:
    """What rspamd would do decides; the threshold is the score from which it marks mail, or rejects it where it marks none."""
    assert parse_answer(body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"error": "cannot\\r\\nscan\\u2028"}', "rspamd says 'cannot\\r\\nscan\\u2028'"),
        (answer(action=None), "no action"),
        (answer(action=1), "no action"),
        (answer(symbols=["A"]), "symbols of another form"),
        (answer(symbols={"": 1}), "symbols that cannot be"),
        (answer(symbols={"a\r\nb": 1}), "symbols that cannot be"),
        (answer(symbols={"x" * 129: 1}), "symbols that cannot be"),
        (answer(symbols={f"S{number}": 1 for number in range(2001)}), "symbols that cannot be"),
        (answer(score=None), "no usable score"),
        (answer(score=float("nan")), "no usable score"),
        (answer(score=10**400), "no usable score"),
        (answer(score=True), "no usable score"),
        (answer(score="7"), "no usable score"),
        (answer(required_score=None, thresholds=None), "no usable threshold"),
        (answer(thresholds={"add header": float("inf")}), "no usable threshold"),
    ],
)
def test_nonsense(body: bytes, reason: str) -> None:
    """ML19: what is no answer is told in printable words."""
    with pytest.raises(AnswerError) as caught:
        parse_answer(body)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("symbols", "rules"),
    [
        (None, ()),
        ({}, ()),
        ({"GTUBE": {"name": "GTUBE", "score": 0.0}}, (SpamRule("GTUBE", 0.0),)),
        (
            {
                "MIME_GOOD": {"name": "MIME_GOOD", "score": -0.1, "description": "Known content-type", "options": ["text/plain"]},
                "A": {},
                "B": {"name": "other", "score": -0.0, "description": None},
                "C": {"score": 3, "description": "a\n\ud800  b" + "c" * 300},
            },
            (
                SpamRule("C", 3.0, "a \ufffd b" + "c" * 294 + "…"),
                SpamRule("A", 0.0),
                SpamRule("B", 0.0),
                SpamRule("MIME_GOOD", -0.1, "Known content-type"),
            ),
        ),
    ],
)
def test_rules(symbols: object, rules: tuple[SpamRule, ...]) -> None:
    """Symbols with their points, the greatest first, where they are wanted."""
    body = answer(symbols=symbols)
    found = parse_answer(body, with_rules=True)
    assert found.rules == rules
    assert "-0.0" not in str(found.rules)
    assert parse_answer(body).rules is None


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        (1, "symbols of another form"),
        ([], "symbols of another form"),
        ({"score": "1"}, "no usable score of a symbol"),
        ({"score": None}, "no usable score of a symbol"),
        ({"score": 10**400}, "no usable score of a symbol"),
        ({"score": float("nan")}, "no usable score of a symbol"),
    ],
)
def test_nonsense_in_symbols(details: object, reason: str) -> None:
    """ML19: points that are none make no answer, where they are wanted."""
    body = answer(symbols={"A": details})
    with pytest.raises(AnswerError, match=reason):
        parse_answer(body, with_rules=True)
    assert parse_answer(body).symbols == ("A",)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_parser_raises_nothing_else(body: bytes) -> None:
    """Every input gives an answer or the error."""
    try:
        parse_answer(body, with_rules=True)
    except AnswerError:
        return
