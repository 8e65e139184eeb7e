"""What the gateway can do by now. A key that needs a missing feature is refused, so that no setting is ever silently without effect.

When a feature lands, its line here gets ``since="VERSION"``, and nothing else changes.
"""

import attrs


@attrs.frozen
class Feature:
    """A part of the gateway that keys belong to.

    Attributes:
        name: how a sentence calls it: "this version does not have NAME yet".
        since: the version of Tidegate that brought it; None while there is none.
    """

    name: str
    since: str | None = None


AUTHENTICATION = Feature("SMTP authentication")
CHECKS = Feature("checks of incoming mail")
PROXY = Feature("the PROXY protocol")
CONNECTION_BUDGET = Feature("connection limits")
WORKERS = Feature("several worker processes")
PROTECTION = Feature("the list of suspect IP addresses")
SOURCE_IPS = Feature("the choice of outgoing IP addresses")
LOCAL_ADDRESSES = Feature("the list of local addresses")
REPORTS = Feature("the recognition of reports")
REFUSED_MAIL = Feature("a queue for refused mail")
RESOLVER = Feature("a DNS resolver")
CONSOLE = Feature("the management console")
STORAGE = Feature("a message store")
DATABASE = Feature("a database of managed state")
PRIVILEGES = Feature("a change of user after binding")
LOCK = Feature("a lock file")
SERVER_ID = Feature("names of instances")
