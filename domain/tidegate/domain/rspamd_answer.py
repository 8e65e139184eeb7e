"""What rspamd answers to ``/checkv2``: a JSON object with the score, the symbols and the action it would take."""

import json

import attrs

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
    """Rspamd's decision, the score, the score from which it says spam, and the symbols of the message."""

    spam: bool
    score: float
    threshold: float
    symbols: tuple[str, ...] = ()


def parse_answer(body: bytes) -> RspamdAnswer:
    """Read an answer.

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
    return RspamdAnswer(action in _SPAM_ACTIONS, _number(answer.get("score"), "score"), _number(threshold, "threshold"), tuple(symbols))


def _is_symbol(name: str) -> bool:
    return 0 < len(name) <= MAX_SYMBOL_CHARS and name.isascii() and name.isprintable()


def _number(value: object, what: str) -> float:
    # The bound first: an integer of any length is JSON, but no float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MAX_NUMBER < value < _MAX_NUMBER:
        raise AnswerError(f"the answer has no usable {what}")
    return float(value)
