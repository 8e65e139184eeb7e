"""Mail filters, gateways and groupware that write notices of their own."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "imail",
        failed=(
            "user mailbox exceeds allowed size:",
            "invalid final delivery userid:",
            "invalid final delivery user:",
            "unknown user:",
            "unknown host:",
            "delivery userid:",
            "undeliverable to",
        ),
        distinct=False,
    ),
    Family("interscan", failed=("unable to deliver message to", "sent <<< rcpt to:")),
    Family("mailmarshal", failed=("the following recipients were affected:",)),
    Family("mimecast", failed=("an email that you attempted to send to the following address could not be delivered:",)),
    Family("notes", failed=("failure reasons", "each recipient that did not receive"), distinct=False),
    Family("amazon-workmail", failed=("an error occurred while trying to deliver the mail to the following recipients:",)),
    Family("aol", failed=("your mail to the following recipients could not be delivered",)),
    Family("groupwise", failed=("the message that you sent was undeliverable to the following:",)),
    Family(
        "zoho", failed=("this is an automatically generated message. i'm afraid", "invalid recipients -", "failed recipients:"), distinct=False
    ),
    Family("verizon", failed=("message could not be delivered to mobile.", "error: invalid user address")),
    Family("lsmtp", failed=("error-for:",), distinct=False),
)
