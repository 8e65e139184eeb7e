"""Sendmail before version 8.8 and those that copied its rules of dashes; OpenSMTPD; Dragonfly Mail Agent; Postfix's older notices."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "sendmail",
        failed=(
            "the following addresses had permanent fatal errors",
            "the following addresses had fatal errors",
            "the following addresses had delivery problems",
            "the following addresses had errors",
            "the following recipients did not receive",
        ),
        delayed=("the following addresses had transient non-fatal errors", "the following addresses had transient errors"),
    ),
    Family(
        "opensmtpd",
        failed=("an error has occurred while attempting to deliver a message for the following list of recipients:",),
        delayed=("for the following list of recipients:",),
    ),
    Family(
        "dma",
        failed=("there was an error delivering your mail to", "did not like our rcpt to:"),
    ),
    Family(
        "postfix",
        failed=(
            "could not be delivered to one or more recipients. it's attached below.",
            "could not be delivered to one or more destinations.",
            "your message could not be delivered to one or more recipients",
            "your message could not be delivered to the following recipients",
        ),
        delayed=("your message could not be delivered for more than",),
    ),
)
