"""The host name of each local address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.hostname import (
    MAX_POINTER_NAMES,
    HostName,
    HostNameSource,
    NeedDns,
    choose_host_name,
    is_host_name,
    shown_name,
)

IP = "192.0.2.25"
PTR = DnsQuery("25.2.0.192.in-addr.arpa", RecordType.PTR)
MACHINE = HostName("box", HostNameSource.MACHINE)


def pointers(*names: str) -> DnsAnswer:
    """A PTR answer."""
    return DnsAnswer(DnsStatus.NOERROR, names=names)


def addresses(*texts: str) -> DnsAnswer:
    """An A or AAAA answer."""
    return DnsAnswer(DnsStatus.NOERROR, addresses=texts)


def choose(
    answers: dict[DnsQuery, DnsAnswer] | None = None,
    *,
    ip: str = IP,
    mta: str | None = None,
    configured: str | None = None,
    machine: str = "box",
) -> HostName | NeedDns:
    """The choice with nothing configured but what is given."""
    return choose_host_name(ip, mta_name=mta, configured=configured, machine_name=machine, answers=answers or {})


@pytest.mark.parametrize(
    ("mta", "configured", "expected"),
    [
        ("mta1.example", "mx.example", HostName("mta1.example", HostNameSource.MTA)),
        (None, "mx.example", HostName("mx.example", HostNameSource.CONFIG)),
        ("", "mx.example", HostName("mx.example", HostNameSource.CONFIG)),
        ("evil\r\n250", "mx.example", HostName("mx.example", HostNameSource.CONFIG)),
        ("MX.Example", None, HostName("MX.Example", HostNameSource.MTA)),
    ],
)
def test_names_that_need_no_dns(mta: str | None, configured: str | None, expected: HostName) -> None:
    """The MTA's name, then the config file's; one that is no host name is passed over."""
    assert expected == choose(mta=mta, configured=configured)


def test_reverse_dns_in_two_steps() -> None:
    """Without a configured name: the pointer is asked for, then its names' addresses; a confirmed name wins."""
    answers: dict[DnsQuery, DnsAnswer] = {}
    assert choose(answers) == NeedDns((PTR,), MACHINE)
    answers[PTR] = pointers("b.example", "A.example", "a.example")
    a, b = (DnsQuery(f"{label}.example", RecordType.A) for label in "ab")
    assert choose(answers) == NeedDns((a, b), HostName("a.example", HostNameSource.REVERSE_DNS_UNCONFIRMED))
    answers |= {a: DnsAnswer(DnsStatus.NXDOMAIN), b: addresses("192.0.2.1", IP)}
    assert choose(answers) == HostName("b.example", HostNameSource.REVERSE_DNS)
    answers[b] = addresses("192.0.2.1")
    assert choose(answers) == HostName("a.example", HostNameSource.REVERSE_DNS_UNCONFIRMED)


def test_ipv6_is_confirmed_by_aaaa() -> None:
    """The forward look-up asks for the family of the address."""
    wanted = choose({}, ip="2001:db8::25")
    assert isinstance(wanted, NeedDns)
    (pointer,) = wanted.queries
    forward = DnsQuery("mx.example", RecordType.AAAA)
    answers = {pointer: pointers("mx.example")}
    assert choose(answers, ip="2001:db8::25") == NeedDns((forward,), HostName("mx.example", HostNameSource.REVERSE_DNS_UNCONFIRMED))
    answers[forward] = addresses("2001:db8::25")
    assert choose(answers, ip="2001:db8::25") == HostName("mx.example", HostNameSource.REVERSE_DNS)


@pytest.mark.parametrize(
    "answer",
    [
        DnsAnswer(DnsStatus.TEMPERROR),
        DnsAnswer(DnsStatus.NXDOMAIN),
        pointers(),
        pointers("evil\r\n250 x.example"),
        pointers(
            "localhost", "", ".", "a b.example", "-a.example", "a_b.example", "192.0.2.25", "x" * 64 + ".example", "ü.example", "\x1b[2J.x"
        ),
        pointers(".".join(["x" * 60] * 5)),
    ],
)
def test_reverse_dns_without_a_usable_name(answer: DnsAnswer) -> None:
    """OP05: a failure, and whatever is no host name with a domain, leaves the machine's name."""
    assert choose({PTR: answer}) == MACHINE


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::", "169.254.1.1", "fe80::1", "224.0.0.1", "255.255.255.255"])
def test_addresses_without_reverse_dns(ip: str) -> None:
    """Nobody is asked about loopback, link-local and impossible addresses."""
    assert choose(ip=ip) == MACHINE


@pytest.mark.parametrize("machine", ["", "bad name", "x\r\n", "ü", "a" * 300, "192.0.2.1"])
def test_machine_without_a_usable_name(machine: str) -> None:
    """OP05: the last resort is always a name."""
    assert HostName("localhost", HostNameSource.MACHINE) == choose(ip="127.0.0.1", machine=machine)


def test_number_of_names_is_bounded() -> None:
    """An address with a thousand pointers costs ten look-ups."""
    wanted = choose({PTR: pointers(*(f"n{number:04}.example" for number in range(1000)))})
    assert isinstance(wanted, NeedDns)
    assert len(wanted.queries) == MAX_POINTER_NAMES
    assert wanted.queries[0].name == "n0000.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mx.example.com", True),
        ("localhost", True),
        ("a", True),
        ("1and1.example", True),
        ("xn--mller-kva.example", True),
        ("a--b.example", True),
        ("x" * 63 + ".example", True),
        ("x" * 64 + ".example", False),
        (".".join(["x" * 63] * 4), False),
        ("", False),
        (".", False),
        ("mx.example.", False),
        ("mx..example", False),
        ("-mx.example", False),
        ("mx-.example", False),
        ("mx_1.example", False),
        ("192.0.2.1", False),
        ("1.2.3", False),
        ("[192.0.2.1]", False),
        ("mx.example\n", False),
        ("müller.example", False),
        ("mx.example٣", False),
    ],
)
def test_is_host_name(text: str, expected: bool) -> None:
    """RFC 5321 section 4.1.2, less what would be read as an address."""
    assert expected == is_host_name(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail.example.com", "mail.example.com"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("win_box-1", "win_box-1"),
        ("x" * 255, "x" * 255),
        ("x" * 256, "[unsafe]"),
        ("", "[unsafe]"),
        ("x) by evil (", "[unsafe]"),
        ("x\r\n", "[unsafe]"),
        ("x\n", "[unsafe]"),
        ("a;b", "[unsafe]"),
        ("\x1b[2J", "[unsafe]"),
        ("müller", "[unsafe]"),
    ],
)
def test_shown_name(text: str, expected: str) -> None:
    """HD15: what could end a field, a comment or a line is not repeated."""
    assert expected == shown_name(text)


names = st.text(max_size=30) | st.from_regex(r"[a-z0-9_.\-]{0,20}", fullmatch=True)
statuses = st.sampled_from(DnsStatus)


@given(st.ip_addresses(), st.lists(names, max_size=5), statuses, statuses, st.booleans(), names)
def test_always_ends_with_a_valid_name(
    ip: object, found: list[str], status: DnsStatus, forward: DnsStatus, confirmed: bool, machine: str
) -> None:
    """Whatever DNS answers, the choice ends after two rounds with a valid name, and had a valid one meanwhile."""
    answers: dict[DnsQuery, DnsAnswer] = {}
    for _ in range(3):
        choice = choose_host_name(str(ip), mta_name=None, configured=None, machine_name=machine, answers=answers)
        if isinstance(choice, HostName):
            break
        assert is_host_name(choice.meanwhile.name)
        for query in choice.queries:
            if query.type is RecordType.PTR:
                answers[query] = DnsAnswer(status, names=tuple(found))
            else:
                answers[query] = DnsAnswer(forward, addresses=(str(ip),) if confirmed else ())
    assert isinstance(choice, HostName)
    assert is_host_name(choice.name)
