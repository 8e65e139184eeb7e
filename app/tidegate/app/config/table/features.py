"""What the gateway can do by now. A key that needs a missing feature draws a warning, so that no setting is ever silently without effect.

When a feature lands, its line here gets ``since="VERSION"``, and nothing else changes.
"""

import attrs


@attrs.frozen
class Feature:
    """A part of the gateway that keys belong to.

    Attributes:
        name: how a sentence calls it: "this version of Tidegate does not have NAME yet".
        since: the version of Tidegate that brought it; None while there is none.
    """

    name: str
    since: str | None = None


AUTHENTICATION = Feature("SMTP authentication", since="0.1.0")
CHECKS = Feature("checks of incoming mail", since="0.1.0")
PROXY = Feature("the PROXY protocol", since="0.1.0")
CONNECTION_BUDGET = Feature("connection limits", since="0.1.0")
WORKERS = Feature("several worker processes", since="0.1.0")
PROTECTION = Feature("the list of suspect IP addresses", since="0.1.0")
SOURCE_IPS = Feature("the choice of outgoing IP addresses", since="0.1.0")
LOCAL_ADDRESSES = Feature("the list of local addresses", since="0.1.0")
REPORTS = Feature("the recognition of reports", since="0.1.0")
REFUSED_MAIL = Feature("a queue for refused mail", since="0.1.0")
RESOLVER = Feature("a DNS resolver", since="0.1.0")
CONSOLE = Feature("the management console")
STORAGE = Feature("a message store")
DATABASE = Feature("a database of managed state", since="0.1.0")
PRIVILEGES = Feature("a change of user after binding", since="0.1.0")
LOCK = Feature("a lock file", since="0.1.0")
SERVER_ID = Feature("names of instances", since="0.1.0")
