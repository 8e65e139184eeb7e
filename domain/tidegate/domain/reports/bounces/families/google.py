"""Gmail and Google Groups before they sent standard reports."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "google",
        failed=(
            "delivery to the following recipient failed permanently:",
            "delivery to the following recipients failed permanently:",
            "delivery to the following recipients failed.",
            "your message wasn't delivered to",
        ),
        delayed=(
            "delivery to the following recipient has been delayed:",
            "delivery to the following recipients has been delayed:",
        ),
    ),
)
