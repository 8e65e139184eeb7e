"""What the gateway can do by now. A key that needs a missing feature is refused, so that no setting is ever silently without effect.

When a feature lands, its line here turns to ``available=True`` and nothing else changes; the flag is then no longer needed and may go.
"""

import attrs


@attrs.frozen
class Feature:
    """A part of the gateway that keys belong to.

    Attributes:
        name: how a sentence calls it: "this version does not have NAME yet".
        available: whether this version has it.
    """

    name: str
    available: bool = False


AUTHENTICATION = Feature("SMTP authentication", available=False)
CHECKS = Feature("checks of incoming mail", available=False)
PROXY = Feature("the PROXY protocol", available=False)
CONNECTION_BUDGET = Feature("connection limits", available=False)
WORKERS = Feature("several worker processes", available=False)
PROTECTION = Feature("the list of suspect IP addresses", available=False)
SOURCE_IPS = Feature("the choice of outgoing IP addresses", available=False)
LOCAL_ADDRESSES = Feature("the list of local addresses", available=False)
REPORTS = Feature("the recognition of reports", available=False)
REFUSED_MAIL = Feature("a queue for refused mail", available=False)
RESOLVER = Feature("a DNS resolver", available=False)
CONSOLE = Feature("the management console", available=False)
STORAGE = Feature("a message store", available=False)
DATABASE = Feature("a database of managed state", available=False)
PRIVILEGES = Feature("a change of user after binding", available=False)
LOCK = Feature("a lock file", available=False)
SERVER_ID = Feature("names of instances", available=False)
