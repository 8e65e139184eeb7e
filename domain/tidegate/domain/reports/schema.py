"""JSON Schema (draft 2020-12) of the ``report`` property of documents: one fragment for each type of report.

Whatever a report does not say is left out, so nothing but ``type`` is required. Text is what the reporter wrote: unverified, on one line,
without control characters, at most 4,096 characters long.
"""

from types import MappingProxyType

from tidegate.domain.json_value import JsonObject, JsonValue
from tidegate.domain.reports.numbers import MAX_COUNT
from tidegate.domain.reports.outcome import ReportType
from tidegate.domain.reports.recipient import Action


def report_schema() -> JsonObject:
    """The schema of a report of any type."""
    return {
        "description": "For local recipients, when the message is a report: its type, and what was read from it.",
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {
                "description": "What kind of report.",
                "enum": [str(kind) for kind in ReportType],
                "examples": [str(ReportType.DELIVERY_STATUS)],
            }
        },
        "oneOf": list(SCHEMAS.values()),
        "examples": [{"type": str(ReportType.DELIVERY_STATUS)}],
    }


def _text(description: str, example: str, *words: str) -> JsonObject:
    """A string; one of ``words`` where they are given."""
    schema: dict[str, JsonValue] = {"description": description, "type": "string", "examples": [example]}
    if words:
        schema["enum"] = list(words)
    return schema


def _status() -> JsonObject:
    return {**_text("Enhanced status code (RFC 3463).", "5.1.1"), "pattern": r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$"}


def _ip(description: str) -> JsonObject:
    return {**_text(description, "192.0.2.1"), "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def _number(description: str, example: int, most: int = MAX_COUNT) -> JsonObject:
    return {"description": description, "type": "integer", "minimum": 0, "maximum": most, "examples": [example]}


def _list(description: str, items: JsonObject) -> JsonObject:
    return {"description": description, "type": "array", "minItems": 1, "items": items}


def _object(description: str, properties: JsonObject) -> JsonObject:
    return {"description": description, "type": "object", "properties": properties, "additionalProperties": False}


def _report(kind: ReportType, description: str, properties: JsonObject) -> JsonObject:
    marked: dict[str, JsonValue] = {"type": {"description": "What kind of report.", "const": str(kind), "examples": [str(kind)]}}
    return {**_object(description, {**marked, **properties}), "required": ["type"]}


_EXTENSIONS: JsonObject = {
    "description": "Fields that the standard does not define, by their names in lower case.",
    "type": "object",
    "additionalProperties": {"type": "string"},
    "examples": [{"x-postfix-queue-id": "4b7Zk31Q"}],
}

_ORIGINAL = _object(
    "Header of the message that the report is about, as far as it came back.",
    {
        "message-id": _text("Message-ID, with its angle brackets.", "<1@example.com>"),
        "from": _text("From, encoded words decoded.", "Ann <ann@example.com>"),
        "to": _text("To, likewise.", "user@example.net"),
        "subject": _text("Subject, likewise.", "Lunch"),
        "date": _text("Date, verbatim.", "Fri, 6 Nov 2026 09:05:03 +0000"),
    },
)

_RECIPIENT = _object(
    "One recipient of the original message.",
    {
        "final-recipient": _text("Address for which delivery was tried, without its type.", "user@example.net"),
        "final-recipient-type": _text("Its address type, where that is not rfc822.", "utf-8"),
        "original-recipient": _text("Address that the sender of the original gave.", "alias@example.net"),
        "original-recipient-type": _text("Its address type, where that is not rfc822.", "utf-8"),
        "action": _text("What happened.", "failed", *(str(action) for action in Action)),
        "status": _status(),
        "remote-mta": _text("Server that answered, without its type dns.", "mx.example.net"),
        "diagnostic-code": _text("Its answer, or the reason in words.", "550 5.1.1 no such user"),
        "diagnostic-type": _text("Type of the diagnostic, where that is not smtp; x-text: words of a notice.", "x-text"),
        "last-attempt-date": _text("When it was tried last, verbatim.", "Fri, 6 Nov 2026 09:05:03 +0000"),
        "will-retry-until": _text("Until when it is tried, verbatim.", "Wed, 11 Nov 2026 09:05:03 +0000"),
        "final-log-id": _text("Name of the delivery in the logs of the server that tried.", "4b7Zk31Q"),
        "extensions": _EXTENSIONS,
    },
)

_DELIVERY_STATUS = _report(
    ReportType.DELIVERY_STATUS,
    "Delivery status notification (RFC 3464, RFC 6533).",
    {
        "recipients": _list("One entry for each recipient that the report names.", _RECIPIENT),
        "reporting-mta": _text("Server that reports, without its type dns.", "mail.example.org"),
        "received-from-mta": _text("Server that it had the original from.", "client.example.com"),
        "dsn-gateway": _text("Gateway that translated a foreign report.", "gw.example.org"),
        "arrival-date": _text("When it had the original, verbatim.", "Fri, 6 Nov 2026 09:05:03 +0000"),
        "original-envelope-id": _text("ENVID of the original transaction.", "QQ314159"),
        "original": _ORIGINAL,
        "extensions": _EXTENSIONS,
    },
)

_DISPOSITION_NOTIFICATION = _report(
    ReportType.DISPOSITION_NOTIFICATION,
    "Message disposition notification, a read receipt (RFC 8098).",
    {
        "disposition": _text("What became of the message, in lower case: displayed, deleted, dispatched, processed.", "displayed"),
        "modifiers": _list("What qualifies the disposition, in lower case.", _text("One modifier.", "error")),
        "action-mode": _text("What caused it: manual-action or automatic-action.", "manual-action"),
        "sending-mode": _text("How the receipt was sent: mdn-sent-manually or mdn-sent-automatically.", "mdn-sent-manually"),
        "final-recipient": _text("Address that the receipt speaks for.", "user@example.net"),
        "final-recipient-type": _text("Its address type, where that is not rfc822.", "utf-8"),
        "original-recipient": _text("Address that the sender of the original gave.", "alias@example.net"),
        "original-message-id": _text("Message-ID of the original, with its angle brackets.", "<1@example.com>"),
        "reporting-ua": _text("Mail program that reports.", "pc.example.net; Mailer 1.0"),
        "mdn-gateway": _text("Gateway that translated a foreign receipt, without its type.", "gw.example.org"),
        "failure": _text("Why the message could not be handled.", "out of memory"),
        "error": _text("What went wrong.", "broken part"),
        "warning": _text("What was doubtful.", "unknown charset"),
        "original": _ORIGINAL,
        "extensions": _EXTENSIONS,
    },
)

_FEEDBACK: JsonObject = {
    "version": _text("Version of the format.", "1"),
    "user-agent": _text("Program that made the report.", "SomeGenerator/1.0"),
    "arrival-date": _text("When the original arrived, verbatim.", "Fri, 6 Nov 2026 09:05:03 +0000"),
    "incidents": _number("How many messages the report stands for.", 1),
    "source-ip": _ip("Address that the original came from."),
    "source-port": _number("Its port.", 49152, 65_535),
    "original-mail-from": _text("MAIL FROM of the original; empty for the null reverse path.", "ann@example.com"),
    "original-rcpt-to": _list("Recipients of the original.", _text("One address.", "user@example.net")),
    "original-envelope-id": _text("ENVID of the original transaction.", "QQ314159"),
    "reporting-mta": _text("Server that received the original, without its type dns.", "mail.example.org"),
    "reported-domain": _list("Domains the report is about.", _text("One domain.", "example.com")),
    "reported-uri": _list("URIs the report is about.", _text("One URI.", "https://example.com/offer")),
    "authentication-results": _list("Authentication-Results of the receiver, verbatim.", _text("One value.", "mail.example.org; spf=fail")),
    "auth-failure": _text("What failed, in lower case: dmarc, dkim, spf, adsp, bodyhash, revoked, signature.", "dmarc"),
    "delivery-result": _text("What became of the message, in lower case: delivered, spam, policy, reject, other.", "reject"),
    "identity-alignment": _list("Mechanisms that failed to authenticate an aligned identity; absent: none.", _text("dkim or spf.", "dkim")),
    "dkim-domain": _text("Domain of the signature that failed (d=).", "example.com"),
    "dkim-identity": _text("Its identity (i=).", "@example.com"),
    "dkim-selector": _text("Its selector (s=).", "s1"),
    "dkim-canonicalized-header": _text("The header that was hashed, in base64, cut.", "ZnJvbTphQGIK"),
    "dkim-canonicalized-body": _text("The body that was hashed, in base64, cut.", "VGhpcw=="),
    "dkim-adsp-dns": _text("ADSP record that was used.", "dkim=all"),
    "spf-dns": _list("SPF records that were used.", _text("One record.", "txt : example.com : v=spf1 -all")),
    "original": _ORIGINAL,
    "extensions": _EXTENSIONS,
}

_FEEDBACK_REPORT = _report(
    ReportType.FEEDBACK_REPORT,
    "Complaint of a feedback loop (RFC 5965).",
    {"feedback-type": _text("What the complaint is, in lower case: abuse, fraud, virus, not-spam, other.", "abuse"), **_FEEDBACK},
)

_DMARC_FAILURE = _report(
    ReportType.DMARC_FAILURE,
    "Authentication failure report (RFC 6591, RFC 9991).",
    {"feedback-type": _text("Always the same word.", "auth-failure", "auth-failure"), **_FEEDBACK},
)

_AUTH_RESULT = _object(
    "One result, regardless of alignment.",
    {
        "domain": _text("Signing domain, or the domain that SPF looked at.", "example.com"),
        "result": _text("Result word (RFC 8601), in lower case.", "pass"),
        "selector": _text("Selector of the DKIM key.", "s1"),
        "scope": _text("Identity that SPF looked at: mfrom or helo.", "mfrom"),
        "human-result": _text("Explanation.", "key too short"),
    },
)

_RECORD = _object(
    "What was seen of one source.",
    {
        "source-ip": _ip("Address that the mail came from."),
        "count": _number("Messages.", 3),
        "disposition": _text("What was done with them, in lower case: none, quarantine, reject, pass.", "none"),
        "dkim": _text("DMARC result of DKIM: pass or fail.", "pass"),
        "spf": _text("DMARC result of SPF: pass or fail.", "fail"),
        "reasons": _list(
            "Why the disposition is not the published policy.",
            _object(
                "One reason.",
                {"type": _text("Word of the standard.", "mailing_list"), "comment": _text("Explanation.", "list.example.org")},
            ),
        ),
        "header-from": _text("Domain of the From field.", "example.com"),
        "envelope-from": _text("Domain of MAIL FROM; empty for the null reverse path.", "example.com"),
        "envelope-to": _text("Domain of RCPT TO.", "example.net"),
        "dkim-results": _list("DKIM results, at most 100.", _AUTH_RESULT),
        "spf-results": _list("SPF results, at most 100.", _AUTH_RESULT),
    },
)

_DMARC_AGGREGATE = _report(
    ReportType.DMARC_AGGREGATE,
    "DMARC aggregate report (RFC 9990, RFC 7489).",
    {
        "version": _text("Version of the format.", "1.0"),
        "org-name": _text("Who reports.", "Example Mail"),
        "email": _text("Where to ask.", "dmarc@example.org"),
        "extra-contact-info": _text("Where else to ask.", "https://example.org/dmarc"),
        "report-id": _text("Name of the report; unique for reporter and domain.", "20261106.example.com"),
        "begin": _number("Start of the period, in seconds since 1970-01-01 UTC.", 1_793_923_200),
        "end": _number("End of the period.", 1_794_009_599),
        "errors": _list("Problems that the reporter had.", _text("One problem.", "two DMARC records")),
        "generator": _text("Program that made the report.", "Reporter 2.1"),
        "policy-published": _object(
            "The DMARC policy that the reporter found.",
            {
                "domain": _text("Domain at which it was found.", "example.com"),
                "p": _text("Policy for the domain.", "reject"),
                "sp": _text("Policy for subdomains.", "quarantine"),
                "np": _text("Policy for subdomains that do not exist.", "reject"),
                "adkim": _text("Alignment mode of DKIM: r or s.", "r"),
                "aspf": _text("Alignment mode of SPF: r or s.", "r"),
                "pct": _number("Percentage of mail under the policy (RFC 7489).", 100, 100),
                "fo": _text("Options of failure reporting.", "1"),
                "testing": _text("Test mode: y or n (RFC 9990).", "n"),
                "discovery-method": _text("How the policy was found: psl or treewalk (RFC 9990).", "treewalk"),
            },
        ),
        "messages": _number("Sum of the counts of all records.", 3),
        "records": _list("One entry for each source.", _RECORD),
    },
)

_TLS_RPT = _report(
    ReportType.TLS_RPT,
    "SMTP TLS report (RFC 8460).",
    {
        "organization-name": _text("Who reports.", "Example Mail"),
        "contact-info": _text("Where to ask.", "tls@example.org"),
        "report-id": _text("Name of the report.", "2026-11-06T00:00:00Z_example.com"),
        "start-datetime": _text("Start of the period (RFC 3339), verbatim.", "2026-11-06T00:00:00Z"),
        "end-datetime": _text("End of the period.", "2026-11-06T23:59:59Z"),
        "policies": _list(
            "Results for each policy.",
            _object(
                "One policy and its results.",
                {
                    "policy-type": _text("tlsa, sts or no-policy-found.", "sts"),
                    "policy-string": _list("Lines of the policy.", _text("One line.", "mode: enforce")),
                    "policy-domain": _text("Domain that it belongs to.", "example.com"),
                    "mx-host": _list("Patterns of MX names in it.", _text("One pattern.", "*.example.com")),
                    "total-successful-session-count": _number("Sessions that went well.", 5326),
                    "total-failure-session-count": _number("Sessions that failed.", 3),
                    "failure-details": _list(
                        "Why they failed.",
                        _object(
                            "Sessions that failed for one reason.",
                            {
                                "result-type": _text("The reason, as a word of the standard.", "certificate-expired"),
                                "failed-session-count": _number("Sessions.", 3),
                                "sending-mta-ip": _ip("Address of the sender."),
                                "receiving-ip": _ip("Address of the server."),
                                "receiving-mx-hostname": _text("Name of the server.", "mx.example.com"),
                                "receiving-mx-helo": _text("What the server called itself.", "mx.example.com"),
                                "additional-information": _text("Where there is more to read.", "https://example.org/tls/4711"),
                                "failure-reason-code": _text("Error of the sender's TLS library.", "CERT_EXPIRED"),
                            },
                        ),
                    ),
                },
            ),
        ),
    },
)

_BOUNCE = _report(
    ReportType.BOUNCE,
    "Failure notice that is not a delivery status notification.",
    {
        "format": _text("Family of notices that it was read as.", "qmail"),
        "recipients": _list("One entry for each address that the notice names.", _RECIPIENT),
        "original": _ORIGINAL,
    },
)

SCHEMAS: MappingProxyType[ReportType, JsonObject] = MappingProxyType(
    {
        ReportType.DELIVERY_STATUS: _DELIVERY_STATUS,
        ReportType.DISPOSITION_NOTIFICATION: _DISPOSITION_NOTIFICATION,
        ReportType.FEEDBACK_REPORT: _FEEDBACK_REPORT,
        ReportType.DMARC_AGGREGATE: _DMARC_AGGREGATE,
        ReportType.DMARC_FAILURE: _DMARC_FAILURE,
        ReportType.TLS_RPT: _TLS_RPT,
        ReportType.BOUNCE: _BOUNCE,
    }
)
"""The fragment for each type."""
