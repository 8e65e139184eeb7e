"""Who is let in."""

import pytest

from tidegate.domain.access import AccessPolicy, Admission, admit
from tidegate.domain.client_limits import ClientLimits, ClientTable
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.proxy_protocol import Origin

INSIDE = AccessPolicy(range=IpRanges.parse("192.0.2.0/24;2001:db8::/32"), proxies=IpRanges.parse("192.0.2.9"))
SUSPECTS = IpRanges.parse("192.0.2.66;2001:db8:bad::/48;198.51.100.66")


def table() -> ClientTable:
    """A table that has room for one connection per client and for two in a minute."""
    return ClientTable(ClientLimits(connections=1, openings_per_minute=1, burst=2))


@pytest.mark.parametrize(
    ("policy", "client", "origin", "expected"),
    [
        (INSIDE, "192.0.2.1", Origin.CLIENT, Admission.ADMITTED),
        (INSIDE, "2001:db8::1", Origin.CLIENT, Admission.ADMITTED),
        (INSIDE, "198.51.100.1", Origin.CLIENT, Admission.NOT_IN_RANGE),
        (INSIDE, "127.0.0.1", Origin.CLIENT, Admission.NOT_IN_RANGE),
        (INSIDE, "192.0.2.66", Origin.CLIENT, Admission.SUSPECT),
        (INSIDE, "2001:db8:bad::1", Origin.CLIENT, Admission.SUSPECT),
        (INSIDE, "198.51.100.66", Origin.CLIENT, Admission.NOT_IN_RANGE),
        (AccessPolicy(range=INSIDE.range, protection=False), "192.0.2.66", Origin.CLIENT, Admission.ADMITTED),
        (INSIDE, "192.0.2.9", Origin.LOCAL, Admission.GREETING_ONLY),
        (INSIDE, "192.0.2.9", Origin.UNKNOWN, Admission.GREETING_ONLY),
        (AccessPolicy(), "192.0.2.1", Origin.CLIENT, Admission.NOT_IN_RANGE),
        (AccessPolicy(), "127.0.0.1", Origin.CLIENT, Admission.NOT_IN_RANGE),
        (AccessPolicy(range=IpRanges.everything()), "::1", Origin.CLIENT, Admission.ADMITTED),
        (AccessPolicy(range=IpRanges.everything()), "192.0.2.9", Origin.UNKNOWN, Admission.GREETING_ONLY),
    ],
)
def test_decision(policy: AccessPolicy, client: str, origin: Origin, expected: Admission) -> None:
    """OP07, OP09, PX09, PX10: by default nobody; ranges before suspects; no client, no session, wherever the proxy stands."""
    assert expected is admit(client, policy=policy, suspects=SUSPECTS, clients=table(), now_s=0, origin=origin)


def test_limits_per_client() -> None:
    """RS09, PX20: the limits count admitted clients by the address given here, which is the one behind the proxy."""
    clients = table()

    def ask(client: str) -> Admission:
        return admit(client, policy=INSIDE, suspects=SUSPECTS, clients=clients, now_s=0)

    assert ask("192.0.2.1") is Admission.ADMITTED
    assert ask("192.0.2.1") is Admission.TOO_MANY_CONNECTIONS
    assert ask("192.0.2.2") is Admission.ADMITTED
    clients.leave("192.0.2.1")
    assert ask("192.0.2.1") is Admission.ADMITTED
    clients.leave("192.0.2.1")
    assert ask("192.0.2.1") is Admission.TOO_FAST


def test_strangers_take_no_memory() -> None:
    """Refused strangers, suspects and health checks leave nothing behind."""
    clients = table()
    for last in range(100):
        admit(f"198.51.100.{last}", policy=INSIDE, suspects=SUSPECTS, clients=clients, now_s=0)
        admit("192.0.2.66", policy=INSIDE, suspects=SUSPECTS, clients=clients, now_s=0)
        admit("192.0.2.9", policy=INSIDE, suspects=SUSPECTS, clients=clients, now_s=0, origin=Origin.LOCAL)
    assert len(clients) == 0


def test_who_speaks_proxy() -> None:
    """PX01: a header is expected of configured peers and of nobody else."""
    assert INSIDE.expects_proxy_header("192.0.2.9")
    assert not INSIDE.expects_proxy_header("192.0.2.1")
    assert not AccessPolicy().expects_proxy_header("127.0.0.1")
