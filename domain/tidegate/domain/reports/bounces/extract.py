"""Recipients out of the text of a notice.

Notices name their recipients in few ways: in the sentence that says what happened, or each on a line of its own below it, bare, indented,
in angle brackets, before a colon, with the reason behind it or on the lines that follow.
"""

import re

import attrs

from tidegate.domain.reports.bounces.notice import Notice
from tidegate.domain.reports.delivery_status import read_status
from tidegate.domain.reports.limits import MAX_FIELD_CHARS, MAX_RECIPIENTS
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.recipient import Action, ReportedRecipient
from tidegate.domain.reports.text import clean

# ASCII, since texts in scripts without blanks run into their addresses; any characters between angle brackets. Sets of characters are spelled
# without ignoring case: that takes the compiler of patterns a tenth of a second for sets beyond ASCII.
_LOCAL = r"(?:[A-Za-z0-9!#$%&*+/=?^_{|}~.'-]{1,128}|\"[^\"\s]{1,64}\")"
_ADDRESS = rf"(?:{_LOCAL}@[A-Za-z0-9.-]{{1,253}}|(?<=<)[^\s<>@:]{{1,128}}@[^\s<>@]{{1,253}}(?=>))"
ADDRESS = re.compile(_ADDRESS)

# A line that names a recipient: list mark or label, display name, the address, then nothing or a delimiter.
_RECIPIENT_LINE = re.compile(
    r"(?P<indent>\s*)(?:[-*•o·]{1,3}\s+|\d{1,3}[.)]\s+|>{1,3}\s*)?"
    r"(?i:(?:to|for|recipient|recipients|address|user|rcpt to|intended recipient|failed recipient|final-recipient|error-for)\s*:\s*)?"
    r"(?i:rfc822;\s*|smtp:\s*|mailto:\s*|c=[^@\s]{1,200}(?:\s[^@\s]{0,200}){0,4}smtp=)?"
    r"(?:(?:\"[^\"]{0,100}\"|[^\s<>@:;\"'(][^<>@:;\"]{0,80}?)\s*(?=[<(]))?"
    rf"(?P<open>[<(\[\"']*)(?i:mailto:|smtp:)?(?P<address>{_ADDRESS})(?P<close>[>)\]\"']*)"
    r"(?P<rest>(?:[\s:;,.<(\[-]|…).*)?$"
)
_IN_BRACKETS = re.compile(rf" ?<({_ADDRESS})>(.*)")
_INTRO_LINES = 12  # lines between the phrase and the first recipient
_REASON_LINES = 8  # lines below a sentence in which the reason is looked for
_NEAR = 200  # characters of a sentence in which an address belongs to its phrase
_WIRE_REPLY = re.compile(r"(?:^|[^\w.#])([45]\d\d)(?:[ -]|$)")
_EXPANDED_FROM = re.compile(rf"\((?:expanded|ultimately generated|generated) from:? <?({_ADDRESS})")
_RCPT_TO = re.compile(rf"(?i:rcpt to:)\s{{0,4}}<?({_ADDRESS})")
_REFUSAL = re.compile(rf"(?:<<< )?[45]\d\d[ -](?:\d\.\d{{1,3}}\.\d{{1,3}} )?<?({_ADDRESS})>?(?:\.\.\.|[:;, ])")


@attrs.define
class Found:
    """A recipient as it is read: its address, the first paragraph about it, and the address it was expanded from."""

    address: str
    reasons: list[str] = attrs.field(factory=list)
    size: int = 0
    closed: bool = False
    alias: str | None = None

    def add(self, line: str) -> None:
        text = line.strip(" \t:;,").removeprefix(".").lstrip()
        if not text:
            # The reason ends with its paragraph.
            self.closed = self.closed or self.size > 0
        elif not self.closed and self.size < MAX_FIELD_CHARS:
            match = _EXPANDED_FROM.match(text)
            if match is not None:
                self.alias = trimmed(match[1])
                return
            self.reasons.append(text)
            self.size += len(text)


def after_phrase(notice: Notice, place: int, length: int) -> list[Found]:
    """Return the recipients named after the phrase at ``place`` of ``notice.text``: in its sentence, else below it.

    Raises:
        Unreadable: more than MAX_RECIPIENTS of them.
    """
    last = notice.line_at(place + length - 1)
    if same := _in_sentence(notice, place + length, last):
        return same
    return _on_lines(notice.lines, last + 1, _INTRO_LINES)


def _in_sentence(notice: Notice, start: int, line: int) -> list[Found]:
    """Read the address in the rest of the line that the phrase ends in."""
    stop = notice.start_of(line + 1) if line + 1 < len(notice.lines) else len(notice.text)
    match = ADDRESS.search(notice.text[start : min(stop, start + _NEAR)])
    if match is None:
        return []
    # That text is in lower case: take the address, and what follows it, as they were written.
    written = re.search(re.escape(match[0]), notice.lines[line], re.IGNORECASE)
    found = Found(trimmed(written[0] if written is not None else match[0]))
    if written is not None:
        found.add(notice.lines[line][written.end() :].lstrip(">)]\"'"))
    for following in notice.lines[line + 1 : line + 1 + _REASON_LINES]:
        found.add(following)
    return [found]


def _on_lines(lines: list[str], start: int, patience: int) -> list[Found]:
    """Read a block of recipient lines. All look like the first: same indentation, brackets or not."""
    found: list[Found] = []
    shape: tuple[int, bool] | None = None
    for number in range(start, len(lines)):
        line = lines[number]
        match = _RECIPIENT_LINE.match(line) if "@" in line and len(line) < 2_000 else None
        if match is not None:
            this = (len(match["indent"].expandtabs()), bool(match["open"]))
            if shape is None or this == shape:
                shape = this
                found.append(_read_line(match))
                if len(found) > MAX_RECIPIENTS:
                    raise Unreadable(f"more than {MAX_RECIPIENTS} recipients")
                continue
        if found:
            found[-1].add(line)
        elif line.strip():
            patience -= 1
            if patience < 0:
                break
    return found


def _read_line(match: re.Match[str]) -> Found:
    address, rest = match["address"], match["rest"] or ""
    # `name@wrong <name@right>: ...`: the address in brackets is the one that was tried.
    if match["open"] == "" and (inner := _IN_BRACKETS.match(rest)) is not None:
        address, rest = inner[1], inner[2]
    found = Found(trimmed(address))
    reason = rest.lstrip(">)]\"' :;,")
    if reason:
        found.add(reason)
    return found


def bare_recipients(notice: Notice) -> list[Found]:
    """Return recipients of a notice whose sentences are unknown: of the first block of lines that name an address."""
    return _on_lines(notice.lines, 0, len(notice.lines))


def from_transcript(notice: Notice) -> list[Found]:
    """Return the addresses that an SMTP transcript in the notice shows: in failed replies, else in RCPT commands."""
    found: list[Found] = []
    for line in notice.lines:
        match = _REFUSAL.match(line.strip())
        if match is not None:
            found.append(Found(trimmed(match[1])))
            found[-1].add(line)
    if not found:
        for number, line in enumerate(notice.lines):
            match = _RCPT_TO.search(line)
            if match is not None:
                found.append(Found(trimmed(match[1])))
                for answer in notice.lines[number + 1 : number + 3]:
                    found[-1].add(answer.lstrip("<> \t"))
    return found[:MAX_RECIPIENTS]


def reported(found: list[Found], action: Action) -> tuple[ReportedRecipient, ...]:
    """Make each address one recipient; of an address named twice the first diagnostic counts."""
    out: dict[str, ReportedRecipient] = {}
    for item in found:
        key = item.address.lower()
        if key in out and out[key].diagnostic_code is not None:
            continue
        diagnostic = clean(" ".join(item.reasons))
        out[key] = ReportedRecipient(
            final_recipient=item.address,
            original_recipient=item.alias,
            action=action,
            status=read_status(diagnostic) or _basic_status(diagnostic),
            diagnostic_code=diagnostic or None,
            diagnostic_type=None if _WIRE_REPLY.search(diagnostic) or not diagnostic else "x-text",
        )
    return tuple(out.values())


def _basic_status(diagnostic: str) -> str | None:
    """Return ``5.0.0`` or ``4.0.0`` where the text has a reply code but no enhanced status code (RFC 3463 section 3.1)."""
    match = _WIRE_REPLY.search(diagnostic)
    return f"{match[1][0]}.0.0" if match is not None else None


def trimmed(address: str) -> str:
    """Take off what a sentence puts around an address."""
    return address.strip("'\"`,;:!?").rstrip(".-").lstrip(".")
