"""What rspamd answers to ``/checkv2``: a JSON object with the score, the symbols and the action it would take."""

import json

import attrs

from tidegate.domain.spam_rule import SpamRule, by_weight, tidy

MAX_SYMBOLS = 2000
"""Rspamd tells symbols without weight too: some dozen for any message."""
MAX_SYMBOL_CHARS = 128

_MAX_NUMBER = 1e9

# Actions by which rspamd calls a message spam; "greylist" and "soft reject" ask for patience only.
_SPAM_ACTIONS = frozenset({"add header", "rewrite subject", "quarantine", "reject", "discard"})
_FIRST_SPAM_ACTION = "add header"


class AnswerError(ValueError):
    """Not an answer of rspamd. ``args[0]`` says why, printable."""


@attrs.frozen
class RspamdAnswer:
    """What rspamd says of a message.

    Attributes:
        spam: its own decision.
        score: of the message.
        threshold: the score from which it says spam.
        symbols: names of the symbols of the message.
        rules: the symbols with their points, the greatest first; None where they were not read. They need not add up to the score: groups of
            symbols have limits, and some symbols decide without points.
    """

    spam: bool
    score: float
    threshold: float
    symbols: tuple[str, ...] = ()
    rules: tuple[SpamRule, ...] | None = None


def parse_answer(body: bytes, *, with_rules: bool = False) -> RspamdAnswer:
    """Read an answer.

    Args:
        body: the JSON text.
        with_rules: whether to read the points of symbols; those without any have 0.

    Raises:
        AnswerError: not one, or rspamd reports an error.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise AnswerError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise AnswerError("the answer is not a JSON object")
    if "error" in answer:
        raise AnswerError(f"rspamd says {answer['error']!a:.200}")
    action, symbols, thresholds = answer.get("action"), answer.get("symbols", {}), answer.get("thresholds")
    if not isinstance(action, str) or not isinstance(symbols, dict):
        raise AnswerError("the answer has no action, or symbols of another form")
    if len(symbols) > MAX_SYMBOLS or not all(map(_is_symbol, symbols)):
        raise AnswerError("the answer has symbols that cannot be")
    first = thresholds.get(_FIRST_SPAM_ACTION) if isinstance(thresholds, dict) else None
    threshold = answer.get("required_score") if first is None else first
    score, least = _number(answer.get("score"), "score"), _number(threshold, "threshold")
    rules = by_weight(_rule(name, details) for name, details in symbols.items()) if with_rules else None
    return RspamdAnswer(action in _SPAM_ACTIONS, score, least, tuple(symbols), rules)


def _rule(name: str, details: object) -> SpamRule:
    if not isinstance(details, dict):
        raise AnswerError("the answer has symbols of another form")
    description = details.get("description")
    return SpamRule(name, _number(details.get("score", 0.0), "score of a symbol"), tidy(description) if isinstance(description, str) else "")


def _is_symbol(name: str) -> bool:
    return 0 < len(name) <= MAX_SYMBOL_CHARS and name.isascii() and name.isprintable()


def _number(value: object, what: str) -> float:
    # The bound first: an integer of any length is JSON, but no float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MAX_NUMBER < value < _MAX_NUMBER:
        raise AnswerError(f"the answer has no usable {what}")
    return float(value) + 0.0  # no negative zero
