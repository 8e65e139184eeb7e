"""Exim, and the services that run or imitate it: mail.ru, MXLogic, GMX."""

from tidegate.domain.reports.bounces.family import Family

FAMILIES = (
    Family(
        "exim",
        failed=(
            "the following address(es) failed:",
            "the following addresses failed:",
            "the following address failed:",
            "following addresses had permanent delivery errors",
            "could not be delivered to all of its recipients. the following address(es) failed:",
            "recipient addresses that were incorrectly constructed:",
            "the following text was generated during the delivery attempt:",
            "has been generated because the following recipients could not be reached",
            "could not be delivered to the following recipients:",
            "an error was detected while processing a file of bsmtp input",
        ),
        delayed=(
            "the address to which the message has not yet been delivered is:",
            "the addresses to which the message has not yet been delivered are:",
            "the following address(es) have not yet been delivered",
        ),
    ),
)
