"""Exchange, Office 365 and the IIS SMTP service where they send no standard report."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "exchange",
        failed=(
            "did not reach the following recipient(s):",
            "did not reach the following recipients:",
            "did not reach the following recipient:",
            "delivery has failed to these recipients or groups:",
            "delivery has failed to these recipients or distribution lists:",
            "delivery to the following recipients failed.",
            "the following recipient(s) cannot be reached:",
            "the following recipient(s) could not be reached:",
            "the following recipients could not be reached:",
            "your message couldn't be delivered to",
            "could not be delivered to the following user:",
            "unable to deliver the message to the following recipients",
        ),
        delayed=(
            "delivery to these recipients or groups is delayed",
            "delivery to these recipients or distribution lists has been delayed:",
            "has not been delivered to the following recipients",
        ),
    ),
)
