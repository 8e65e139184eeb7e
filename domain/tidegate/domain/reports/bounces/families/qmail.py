"""qmail-send, and the many systems that kept its wording: Yahoo, X-mailers of hosters, Courier-like forks."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "qmail",
        failed=(
            "i'm afraid i wasn't able to deliver your message to the following addresses.",
            "this is a permanent error; i've given up. sorry it didn't work out.",
            "i wasn't able to deliver your message to the following addresses",
            "i was unable to deliver your message to the following addresses",
            "i tried to deliver a bounce message to this address, but the bounce bounced!",
            "your mail message to the following address(es) could not be delivered.",
            "your mail was not delivered to the following address",
        ),
        delayed=("i am still trying to deliver your message to the following addresses",),
    ),
    Family(
        "yahoo",
        failed=(
            "unable to deliver message to the following address(es).",
            "sorry, we were unable to deliver your message to the following address",
            "we were unable to deliver your message to the following address",
            "unable to deliver message to the following address",
        ),
    ),
)
