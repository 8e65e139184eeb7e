"""The table of rules in a report of SpamAssassin, as its own template sets it at the end:

     pts rule name              description
    ---- ---------------------- --------------------------------------------------
     0.0 FREEMAIL_FROM          Sender email is commonly abused enduser mail provider
                                [ann(at)gmail.com]
    -1.9 BAYES_00               BODY: Bayes spam probability is 0 to 1%
                                [score: 0.0000]

A report is text for people. The template is the administrator's, and between its words stand pieces of the message, which its author chose: a
preview above the table, and in brackets below a rule what the rule has found. Neither may pass for a rule, so nothing is read unless the whole
table can only be what it seems to be:

- One line of the report is the line of dashes, and the table goes from there to the end of the report. Outside the table a message can at most
  bring another such line, and then nothing is read.
- SpamAssassin (``PerMsgStatus::check_cleanup``) writes a finding in pieces of 30 to 48 characters, split at white space, and what is left in
  one piece. A piece of up to 48 characters stands behind 28 blanks, a longer one is set flush with column 78. Some plugins find text with line
  ends in it (the links of an office file, a TXT record): the last piece goes over several lines then, the blanks in front of the first one. If
  it has more than 48 characters, that line cannot end at column 78, but without blanks in front, and such lines are not taken for a piece.
  If it has less, there is room in it for its first line and one line of a rule, which then has the closing bracket at its end.
- The points add up to the score of the message, as far as their rounding goes.
"""

import re

import attrs

from tidegate.domain.spam_rule import SpamRule, tidy

MAX_RULES = 1000

NAME = r"[A-Za-z0-9_.:-]{1,128}"

_dashes = re.compile(r" {0,4}-{4} -{22} -{20,80} *").fullmatch
_rule = re.compile(rf"( {{0,3}}-?[0-9]{{1,9}}(?:\.[0-9])?) ({NAME}) +([^ ].*)").fullmatch
_POINTS_WIDTH, _NAME_WIDTH = 4, 22
_INDENT = 28
_RIGHT_EDGE = 78

_NO_DESCRIPTION = "No description available."

# Points are rounded to a tenth, from ten on to a whole. The total is rounded to a tenth too, and lowered by one where it would show a message
# that is not spam at the threshold.
_ROUNDED, _ROUNDED_FROM_TEN, _TOTAL_ROUNDED = 0.05, 0.5, 0.16


@attrs.frozen
class NoTable:
    """The rules of a report cannot be told. ``reason`` is printable, and holds nothing of the message."""

    reason: str


def read_rules(report: bytes, total: float) -> tuple[SpamRule, ...] | NoTable:
    """The rules of a report, in its order.

    Total, and linear in the length of the report. Names are as :data:`NAME`, ``MAX_RULES`` at most. What a rule has found is left out.

    Args:
        report: as it came; lines end with LF.
        total: the score of the message, from where the message has no say.
    """
    lines = report.decode("latin-1").rstrip("\n").split("\n")
    headings = [number for number, line in enumerate(lines) if _dashes(line)]
    if len(headings) != 1:
        return NoTable(f"{len(headings)} lines of dashes, not one" if headings else "no table of rules: not SpamAssassin's own template")
    rules = _rules(lines[headings[0] + 1 :])
    if not isinstance(rules, NoTable) and abs(sum(rule.score for rule in rules) - total) > _inexactness(rules):
        return NoTable("the points of the rules do not add up to the score")
    return rules


def _rules(lines: list[str]) -> tuple[SpamRule, ...] | NoTable:
    names: list[tuple[str, float]] = []
    descriptions: list[list[str]] = []
    behind_bracket = False
    for line in lines:
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        row = _row(line)
        if row is not None:
            if behind_bracket and line.endswith("]"):
                return NoTable("a line of the table may be part of a finding")
            if len(names) == MAX_RULES:
                return NoTable(f"more than {MAX_RULES} rules")
            names.append(row[:2])
            descriptions.append([row[2]])
        elif not names:
            return NoTable("a line that is none of a table")
        elif indent < _INDENT:
            if not _is_flush_right(line, text, indent):
                return NoTable("a line that is none of a table, or a finding that is too long")
        elif not (text.startswith("[") and text.endswith("]")):
            descriptions[-1].append(text)
        behind_bracket = row is None and text.startswith("[")
    return tuple(SpamRule(name, score, _description(words)) for (name, score), words in zip(names, descriptions, strict=True))


def _row(line: str) -> tuple[str, float, str] | None:
    """Name, points and first words of the description, where the line is exactly as wide as one of a rule."""
    match = _rule(line)
    if match is None or len(match[1]) < _POINTS_WIDTH or match.start(3) != match.start(2) + max(_NAME_WIDTH, len(match[2])) + 1:
        return None
    return match[2], float(match[1]) + 0.0, match[3]  # + 0.0: no negative zero


def _is_flush_right(line: str, text: str, indent: int) -> bool:
    # In bytes. Of text that it has as characters SpamAssassin counts these; then an honest piece that is not ASCII may be refused.
    return indent > 0 and len(line) == _RIGHT_EDGE and text.startswith("[") and text.endswith("]")


def _description(words: list[str]) -> str:
    data = " ".join(words).encode("latin-1")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # as some of SpamAssassin's own translations are
    return "" if text.endswith(_NO_DESCRIPTION) else tidy(text)


def _inexactness(rules: tuple[SpamRule, ...]) -> float:
    return _TOTAL_ROUNDED + sum(_ROUNDED if abs(rule.score) < 10 else _ROUNDED_FROM_TEN for rule in rules)
