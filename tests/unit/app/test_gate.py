"""The gate: what the decisions on a connection come to, and what is counted."""

from collections.abc import Sequence

import pytest

from tidegate.adapters.memory.connection_board import MemoryConnectionBoard
from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.memory.suspects import MemorySuspectList
from tidegate.adapters.smtp import Admitted
from tidegate.app.gate import GatewayGate
from tidegate.app.logs.once_a_minute import INTERVAL_S
from tidegate.app.reception.budget import MemoryBudget
from tidegate.app.reception.policy import GatewayPolicy
from tidegate.domain.access import AccessPolicy
from tidegate.domain.address import Validation
from tidegate.domain.client_limits import ClientLimits, ClientTable
from tidegate.domain.connection import Endpoints, Tls
from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.proxy_protocol import Origin
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Authenticate, Send
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply

RANGE = IpRanges.parse("192.0.2.0/24;2001:db8::/32")
PROXY = IpRanges.parse("198.51.100.7")


def gate(
    access: AccessPolicy | None = None,
    suspects: MemorySuspectList | None = None,
    limits: ClientLimits | None = None,
    now_s: Sequence[float] = (0.0,),
    room: int = 100,
) -> GatewayGate:
    """A gate for RANGE behind PROXY; 192.0.2.66 is suspect, a client may have two connections, 192.0.2.5 may send bare line feeds."""
    return GatewayGate(
        access or AccessPolicy(RANGE, PROXY),
        suspects or MemorySuspectList(IpRanges.parse("192.0.2.66")),
        ClientTable(limits or ClientLimits(connections=2)),
        MemoryConnectionBoard(ConnectionLimits(incoming=1)),
        GatewayPolicy(1000, MemoryPublisher(), MemoryBudget(1000)),
        lambda local_ip: Profile(f"mx-{local_ip}", Validation.STRICT, authentication=True),
        IpRanges.parse("192.0.2.5"),
        room,
        monotonic=lambda: now_s[0],
    )


def ends(remote_ip: str) -> Endpoints:
    """A connection of this client."""
    return Endpoints(remote_ip, 1234, "192.0.2.25", 25)


def admitted(decision: Admitted | Reply) -> Admitted:
    """It must be one."""
    assert isinstance(decision, Admitted), decision
    return decision


def said(decision: Admitted | Reply, *lines: bytes) -> bytes:
    """What the session answers."""
    session = admitted(decision).session
    events = [*session.open(), *(event for line in lines for event in session.receive(line))]
    return b"".join(event.data for event in events if isinstance(event, Send))


@pytest.mark.parametrize(
    ("remote_ip", "origin", "expected"),
    [
        ("192.0.2.1", Origin.CLIENT, None),
        ("2001:db8::1", Origin.CLIENT, None),
        ("198.51.100.1", Origin.CLIENT, replies.NOT_ALLOWED),
        ("198.51.100.7", Origin.CLIENT, replies.NOT_ALLOWED),
        ("192.0.2.66", Origin.CLIENT, replies.NOT_ALLOWED),
        ("198.51.100.7", Origin.LOCAL, None),
        ("198.51.100.7", Origin.UNKNOWN, None),
    ],
)
def test_who_gets_in(remote_ip: str, origin: Origin, expected: Reply | None) -> None:
    """Clients in range that are not suspect; a proxy's own connection, which is no client's."""
    decision = gate().admit(ends(remote_ip), origin)
    if expected is None:
        assert admitted(decision).counted == (origin is Origin.CLIENT)
    else:
        assert decision == expected


def test_suspects_may_be_let_in() -> None:
    """``smtp-protection: false``; and the list may change at any time (OP09)."""
    open_gate = gate(access=AccessPolicy(RANGE, protection=False))
    admitted(open_gate.admit(ends("192.0.2.66"), Origin.CLIENT))
    suspects = MemorySuspectList()
    changing = gate(suspects=suspects)
    admitted(changing.admit(ends("192.0.2.1"), Origin.CLIENT))
    suspects.ranges = IpRanges.parse("192.0.2.1")
    assert changing.admit(ends("192.0.2.1"), Origin.CLIENT) == replies.NOT_ALLOWED


def test_limits_per_client() -> None:
    """RS09: the third connection of a client is told to come again; others, and the same client later, get in."""
    one = gate()
    for _ in range(2):
        admitted(one.admit(ends("192.0.2.1"), Origin.CLIENT))
    assert one.admit(ends("192.0.2.1"), Origin.CLIENT) == replies.TOO_MANY_CONNECTIONS
    admitted(one.admit(ends("192.0.2.2"), Origin.CLIENT))
    one.left(ends("192.0.2.1"))
    admitted(one.admit(ends("192.0.2.1"), Origin.CLIENT))


def test_rate_per_client() -> None:
    """Connections that come too fast are told so; time heals it."""
    now_s = [0.0]
    one = gate(limits=ClientLimits(openings_per_minute=60, burst=1), now_s=now_s)
    admitted(one.admit(ends("192.0.2.1"), Origin.CLIENT))
    assert one.admit(ends("192.0.2.1"), Origin.CLIENT) == replies.TOO_MANY_CONNECTIONS
    now_s[0] = 1.0
    admitted(one.admit(ends("192.0.2.1"), Origin.CLIENT))


def test_strangers_are_not_counted() -> None:
    """Who is refused by address takes no room in the table."""
    one = gate()
    for number in range(100):
        one.admit(ends(f"198.51.100.{number}"), Origin.CLIENT)
    assert len(one.clients) == 0


def test_places() -> None:
    """Taken from and given back to the board of all processes."""
    one = gate()
    assert one.take_place()
    assert not one.take_place()
    assert one.board.counts() == ConnectionCounts(1, 0)
    one.give_place()
    assert one.take_place()


def test_room_of_a_process(caplog: pytest.LogCaptureFixture) -> None:
    """RS10: no place beyond the descriptors of the process, nothing taken from the board for it, and one line a minute in the log."""
    now_s = [0.0]
    one = gate(room=10, now_s=now_s)
    one.board = MemoryConnectionBoard(ConnectionLimits())
    assert [one.take_place() for _ in range(12)] == [True] * 10 + [False] * 2
    assert one.board.counts() == ConnectionCounts(10, 0)
    one.give_place()
    assert [one.take_place() for _ in range(2)] == [True, False]
    assert [vars(record)["connections"] for record in caplog.records] == [10]
    now_s[0] = INTERVAL_S
    assert not one.take_place()
    assert len(caplog.records) == 2


def test_who_is_a_proxy() -> None:
    """``smtp-proxy`` and nobody else."""
    assert gate().expects_proxy_header("198.51.100.7")
    assert not gate().expects_proxy_header("192.0.2.1")


def test_sessions() -> None:
    """Each greets with the name of its local address; a health check may do no more than that; known clients may end lines badly."""
    one = gate()
    client = one.admit(ends("192.0.2.1"), Origin.CLIENT)
    assert said(client, b"EHLO x\r\n", b"MAIL FROM:<>\r\n").startswith(b"220 mx-192.0.2.25 ")
    assert admitted(client).session.in_transaction
    check = one.admit(ends("198.51.100.7"), Origin.LOCAL)
    heard = said(check, b"EHLO x\r\n", b"NOOP\r\n", b"MAIL FROM:<>\r\n")
    assert heard.startswith(b"220 mx-192.0.2.25 ")
    assert b"554 5.7.1" in heard
    assert not admitted(check).session.in_transaction
    assert not admitted(client).session.relax_line_ends
    assert admitted(one.admit(ends("192.0.2.5"), Origin.CLIENT)).session.relax_line_ends


@pytest.mark.parametrize("origin", [Origin.LOCAL, Origin.UNKNOWN])
def test_no_login_without_a_client(origin: Origin) -> None:
    """PX09, PX10: where no client is known, no password is judged; to a client of the same gate, AUTH is offered."""
    one = gate()
    for decision, offered in ((one.admit(ends("198.51.100.7"), origin), False), (one.admit(ends("192.0.2.1"), Origin.CLIENT), True)):
        session = admitted(decision).session
        session.tls_established(Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384"))
        assert (b"AUTH" in said(decision, b"EHLO x\r\n")) is offered
        events = session.receive(b"AUTH PLAIN AGJvYgBwdw==\r\n")
        assert any(isinstance(event, Authenticate) for event in events) is offered
