"""Read a failure notice: families first, general signs after them."""

import re

from tidegate.domain.reports.bounces.bounce import Bounce
from tidegate.domain.reports.bounces.evidence import Evidence
from tidegate.domain.reports.bounces.extract import ADDRESS, after_phrase, bare_recipients, from_transcript, reported, trimmed
from tidegate.domain.reports.bounces.families import amazon_ses, appliances, exim, generic, google, microsoft, qmail, sendmail
from tidegate.domain.reports.bounces.family import Family
from tidegate.domain.reports.bounces.notice import Notice
from tidegate.domain.reports.delivery_status import read_delivery_status
from tidegate.domain.reports.recipient import Action, ReportedRecipient

_FAMILIES: tuple[Family, ...] = (
    *qmail.FAMILIES,
    *exim.FAMILIES,
    *google.FAMILIES,
    *microsoft.FAMILIES,
    *sendmail.FAMILIES,
    *appliances.FAMILIES,
)
_DISTINCT = tuple(family for family in _FAMILIES if family.distinct)
_STATUS_FIELD = re.compile(r"\s*(?:final-recipient|original-recipient)\s*:", re.IGNORECASE)
_DELAY_WORDS = (
    "warning message only",
    "temporary failure report",
    "delivery attempts will continue",
    "will be retried for",
    "you do not need to resend",
)


def read_bounce(notice: Notice, evidence: Evidence, own: frozenset[str] = frozenset()) -> Bounce | None:
    """Read ``notice``; None when nothing makes it a failure notice after all.

    Args:
        notice: the readable part.
        evidence: what the header said.
        own: addresses in lower case to which the notice itself was sent: no guess takes one of them for the recipient that failed.

    Raises:
        Unreadable: more than MAX_RECIPIENTS recipients.
    """
    if not evidence.any:
        return None
    if (event := amazon_ses.read_ses_notification("\n".join(notice.lines))) is not None:
        return event
    recipients = _status_fields(notice)
    name = "delivery-status"
    if not recipients:
        name, recipients = _from_families(notice, _FAMILIES if evidence.likely else _DISTINCT)
    recipients += _listed(evidence, recipients)
    if not recipients and evidence.likely:
        name, recipients = _guess(notice, evidence, own)
    if not recipients and not evidence.strong:
        return None
    return Bounce(format=name or "generic", recipients=recipients, original=notice.original)


def _status_fields(notice: Notice) -> tuple[ReportedRecipient, ...]:
    """Read fields of a delivery status that stand in the text, where a part of their own was meant."""
    for number, line in enumerate(notice.lines):
        if _STATUS_FIELD.match(line):
            # Other fields of the group may stand above.
            while number > 0 and notice.lines[number - 1].strip():
                number -= 1
            text = "\n".join(line.strip() if ":" in line[:40] else line for line in notice.lines[number:])
            status = read_delivery_status(text.encode("utf-8", "replace"))
            return tuple(r for r in status.recipients if r.final_recipient or r.original_recipient)
    return ()


def _from_families(
    notice: Notice, families: tuple[Family, ...], own: frozenset[str] = frozenset()
) -> tuple[str, tuple[ReportedRecipient, ...]]:
    """Try the phrases of ``families`` in the order in which they stand in the notice, longer ones first."""
    hits: list[tuple[int, int, str, Action]] = []
    for family in families:
        for action, phrases in ((Action.FAILED, family.failed), (Action.DELAYED, family.delayed)):
            for phrase in phrases:
                place = notice.find(phrase)
                if place >= 0:
                    hits.append((place, -len(phrase), family.name, action))
    for place, length, name, action in sorted(hits):
        found = [item for item in after_phrase(notice, place, -length) if item.address.lower() not in own]
        if found:
            return name, reported(found, _action(notice, action))
    return "", ()


def _action(notice: Notice, action: Action) -> Action:
    return Action.DELAYED if any(word in notice.text for word in _DELAY_WORDS) else action


def _listed(evidence: Evidence, known: tuple[ReportedRecipient, ...]) -> tuple[ReportedRecipient, ...]:
    """Take the addresses of X-Failed-Recipients that the text did not name; none, if it names others only."""
    named = {(recipient.final_recipient or "").lower() for recipient in known}
    listed = {trimmed(address).lower(): trimmed(address) for address in evidence.failed_recipients}
    if named and not named & listed.keys():
        return ()
    return tuple(ReportedRecipient(final_recipient=a, action=Action.FAILED) for key, a in listed.items() if key not in named)


def _guess(notice: Notice, evidence: Evidence, own: frozenset[str]) -> tuple[str, tuple[ReportedRecipient, ...]]:
    """Look for the recipients by sentences that many programs share, in a transcript, on lines of their own, in the returned header."""
    name, recipients = _from_families(notice, generic.FAMILIES, own)
    if recipients:
        return name, recipients
    action = Action.DELAYED if "warning" in evidence.subject_text or "delay" in evidence.subject_text else Action.FAILED
    for found in (from_transcript(notice), bare_recipients(notice)):
        others = [item for item in found if item.address.lower() not in own]
        if others:
            return "generic", reported(others, _action(notice, action))
    return "generic", _of_original(notice, action) if evidence.strong else ()


def _of_original(notice: Notice, action: Action) -> tuple[ReportedRecipient, ...]:
    """Take the address the original message was for, if it was for one only."""
    to = notice.original.to if notice.original is not None else None
    addresses = ADDRESS.findall(to or "")
    return (ReportedRecipient(final_recipient=trimmed(addresses[0]), action=action),) if len(set(addresses)) == 1 else ()
