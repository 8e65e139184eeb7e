"""Which queue a document goes to."""

import pytest

from tidegate.domain.routing import Queues, queue_for

ALL = Queues(inbox="inbox", local="local", reports="reports", refused="refused")


@pytest.mark.parametrize(
    ("queues", "local", "report", "refused", "queue"),
    [
        (ALL, False, False, False, "inbox"),
        (ALL, True, False, False, "local"),
        (ALL, True, True, False, "reports"),
        (ALL, False, True, False, "inbox"),  # reports are looked for in local mail only
        (ALL, False, False, True, "refused"),
        (ALL, True, True, True, "refused"),
        (Queues(inbox="inbox"), True, True, False, "inbox"),
        (Queues(inbox="inbox"), False, False, True, None),
        (Queues(inbox="inbox", local="local"), True, True, False, "local"),
        (Queues(inbox="inbox", reports="reports"), True, True, False, "reports"),
        (Queues(inbox="inbox", reports="reports"), True, False, False, "inbox"),
        (Queues(local="local"), False, False, False, None),  # no inbox: neither local nor report is discarded
        (Queues(local="local"), True, False, False, "local"),
        (Queues(), True, True, False, None),
    ],
)
def test_queue(queues: Queues, local: bool, report: bool, refused: bool, queue: str | None) -> None:
    """Refused, reports, local, inbox: the first that applies and is configured."""
    assert queue_for(queues, local=local, report=report, refused=refused) == queue


def test_accepted_ordinary_mail_is_the_default() -> None:
    """A caller who knows nothing of reports and refusals gets the queue of ordinary mail."""
    assert queue_for(ALL, local=True) == "local"
    assert queue_for(ALL, local=False) == "inbox"
