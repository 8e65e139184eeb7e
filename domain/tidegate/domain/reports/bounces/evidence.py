"""Signs in the header that a message is a failure notice.

Without one of them the text of a message is not looked at: people write and quote the sentences of bounces in ordinary mail.
"""

import re

import attrs

from tidegate.domain.reports.encoded_words import decode_words
from tidegate.domain.reports.header import Header

# Parts of the author, lower case: mail systems, which write nothing but failure notices.
_DAEMONS = (
    "mailer-daemon",
    "mailerdaemon",
    "mailer_daemon",
    "mail-daemon",
    "maildaemon",
    "mail delivery s",  # System, Subsystem, Service
    "maildelivery",
    "mdaemon@",
    "ndr administrator",
)
# Those behind which a person may sit.
_POSTMASTERS = ("postmaster", "post_master", "post-master", "mail administrator", "mail system", "bounce-notification", "system administrator")

# Beginnings of, or phrases in, subjects, lower case. What follows a reply or forward mark is somebody's quotation.
_SUBJECTS = (
    "deliverable",  # undeliverable, non-deliverable, not deliverable
    "undelivered",
    "not delivered",
    "non-delivery",
    "nondelivery",
    "non delivery",
    "returned mail",
    "returned to sender",
    "mail returned",
    "returning message to sender",
    "failure notice",
    "failure delivery",
    "failed delivery",
    "failed mail",
    "mail failure",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery fail",
    "delivery error",
    "delivery problem",
    "delivery notification",
    "delivery report",
    "delivery status",
    "delivery delay",
    "delayed mail",
    "unable to deliver",
    "could not be delivered",
    "couldn't be delivered",
    "can't be delivered",
    "cannot be delivered",
    "was not delivered",
    "not be delivered",
    "mail could not",
    "mail system error",
    "mail error",
    "mail delivery",
    "message status",
    "bounced mail",
    "unzustellbar",
    "nicht zustellbar",
    "unbestellbar",
    "zustellung",
    "non remis",
    "échec de la remise",
    "mancato recapito",
    "no se puede entregar",
    "não é possível entregar",
    "配信不能",
    "送信できません",
    "配送失敗",
    "エラーメール",
    "не доставлено",
    "недоставлен",
    "退信",
)
_REPLIES = re.compile(r"\s*(?:re|aw|fw|fwd|wg|sv|vs|tr|rv)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_WARNING = re.compile(r"warning: (?:message \S{1,80} delayed|could not send message)")

_VENDOR_MAILERS = ("<smtp32", "internet mail service", "amazon workmail", "m-filter", "spamlion")


@attrs.frozen
class Evidence:
    """What the header says.

    Attributes:
        daemon: the author is a mail system by its name.
        postmaster: the author is one by its name, or the person who looks after it.
        subject: the subject is one of failure notices.
        automatic: an empty reverse path, author or Auto-Submitted: a machine wrote it (which vacation programs also say).
        failed_recipients: addresses of X-Failed-Recipients.
        subject_text: the decoded subject in lower case.
    """

    daemon: bool = False
    postmaster: bool = False
    subject: bool = False
    automatic: bool = False
    failed_recipients: tuple[str, ...] = ()
    subject_text: str = ""

    @property
    def any(self) -> bool:
        """Whether the text is worth reading."""
        return self.daemon or self.postmaster or self.subject or self.automatic or bool(self.failed_recipients)

    @property
    def likely(self) -> bool:
        """Whether the text may be guessed at. A postmaster writes other mail too, and parcels have delivery reports: it takes both."""
        return self.daemon or bool(self.failed_recipients) or (self.subject and (self.postmaster or self.automatic))

    @property
    def strong(self) -> bool:
        """Whether the header alone makes it a failure notice."""
        return bool(self.failed_recipients) or ((self.daemon or self.postmaster) and self.subject)


def read_evidence(header: Header) -> Evidence:
    """Look for the signs. Costs a few microseconds: it is paid for every local message."""
    author = decode_words(header.get(b"from") or "").lower()
    subject = decode_words(header.get(b"subject") or "").lower()
    failed = header.get(b"x-failed-recipients")
    return Evidence(
        daemon=any(name in author for name in _DAEMONS),
        postmaster=any(name in author for name in _POSTMASTERS),
        subject=_is_failure(subject),
        automatic=_is_automatic(header, author),
        failed_recipients=tuple(a for item in failed.split(",")[:_MAX_FAILED] if "@" in (a := item.strip())) if failed else (),
        subject_text=subject,
    )


_MAX_FAILED = 1_000  # addresses in X-Failed-Recipients; Exim splits longer lists over several fields


def _is_failure(subject: str) -> bool:
    if not any(phrase in subject for phrase in _SUBJECTS) and _WARNING.search(subject) is None:
        return False
    return _REPLIES.match(subject) is None


def _is_automatic(header: Header, author: str) -> bool:
    if author.endswith("<>"):
        return True
    path = header.raw(b"return-path")
    if path is not None and path.strip() == b"<>":
        return True
    submitted = header.raw(b"auto-submitted")
    if submitted is not None and not submitted.strip().lower().startswith(b"no"):
        return True
    if b"x-amz-sns-message-id" in header:
        return True
    mailer = header.raw(b"x-mailer")
    return mailer is not None and mailer.strip().lower().decode("latin-1").startswith(_VENDOR_MAILERS)
