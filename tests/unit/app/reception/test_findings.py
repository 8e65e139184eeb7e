"""What becomes of findings: entries of documents, and Authentication-Results fields of ours and of others."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs
import pytest
from tests.outcome import reply_of

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.app.reception import Audience, MailReception, ReceptionSettings
from tidegate.domain.checks.verdict import CheckResult, SpamClass, SpamResult, SpfIdentity, SpfResult, Verdict
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.envelope import Envelope, Recipient
from tidegate.domain.headers import HeaderBlock
from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.message_id import MessageIds
from tidegate.domain.routing import Queues
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.reception import IncomingMessage
from tidegate.ports.testing.report_reader import notification

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLIENT = Client(Endpoints("192.0.2.1", 4711, "192.0.2.25", 25), "client.example")
LOCAL, OTHER = Recipient("ann@example.com", local=True), Recipient("bob@example.net")
FINDINGS = (
    SpfResult(Verdict.PASS, SpfIdentity.MAIL_FROM, "a@example.org", "example.org"),
    SpamResult(SpamClass.HAM, 0.5, 5.0, ("A",)),
)
OURS = "Authentication-Results: mx.example.com;\r\n\tspf=pass smtp.mailfrom=a@example.org\r\n"
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


@attrs.define
class RecordingChecker:
    """Finds what it was told to find, and keeps what it was asked."""

    findings: Sequence[CheckResult] = FINDINGS
    asked: list[tuple[HeaderBlock, IncomingMessage, bytes]] = attrs.Factory(list)

    async def __call__(self, header: HeaderBlock, message: IncomingMessage, received: bytes) -> Sequence[CheckResult]:
        """As Checker."""
        self.asked.append((header, message, received))
        return self.findings


async def documents(
    data: bytes = MESSAGE,
    *,
    checker: RecordingChecker | None = None,
    recipients: tuple[Recipient, ...] = (LOCAL, OTHER),
    host_names: tuple[str, ...] = (),
    auth_results: Audience = Audience(),  # noqa: B008 - a value
) -> list[dict[str, object]]:
    """The documents of one message."""
    publisher = MemoryPublisher()
    reception = MailReception(
        ReceptionSettings(Queues("inbox"), auth_results=auth_results),
        publisher,
        lambda: int(NOW.timestamp() * 1000),
        MessageIds(b"testnode"),
        stdlib_dumps,
        checker=checker,
        host_names=lambda: host_names,
    )
    reply = await reply_of(reception.receive(IncomingMessage(CLIENT, Envelope("a@example.org", recipients), data, "mx.example.com")))
    assert isinstance(reply, Reply)
    assert reply.code == 250
    return [json.loads(body) for body in publisher.bodies("inbox")]


async def mimes(data: bytes = MESSAGE, **more: object) -> list[str]:
    """What the documents have for a message."""
    return [str(document["mime"]) for document in await documents(data, **more)]  # type: ignore[arg-type]


async def test_nothing_is_checked() -> None:
    """Without a checker there are no entries and no field of ours, whatever smtp-auth-results says."""
    for document in await documents(auth_results=Audience(local=True, nonlocal_=True)):
        assert "checks" not in document
        assert str(document["mime"]).startswith("Received: from client.example")


async def test_findings_become_entries() -> None:
    """Every document has every finding; a checker with none leaves an empty list."""
    expected = [{"spf": "pass", "smtp.mailfrom": "a@example.org"}, {"spam": "ham", "score": 0.5, "threshold": 5.0, "symbols": ["A"]}]
    assert [document["checks"] for document in await documents(checker=RecordingChecker())] == [expected] * 2
    assert [document["checks"] for document in await documents(checker=RecordingChecker(()))] == [[]] * 2


@pytest.mark.parametrize(
    ("audience", "recipients", "marked"),
    [
        (Audience(), (LOCAL, OTHER), [False, False]),
        (Audience(local=True), (LOCAL, OTHER, LOCAL), [True, False, True]),
        (Audience(nonlocal_=True), (LOCAL, OTHER), [False, True]),
        (Audience(local=True, nonlocal_=True), (LOCAL, OTHER), [True, True]),
        (Audience(local=True), (OTHER,), [False]),
    ],
)
async def test_who_gets_the_field(audience: Audience, recipients: tuple[Recipient, ...], marked: list[bool]) -> None:
    """Our field stands on top for those whom smtp-auth-results names; the rest of the message is the same for all."""
    found = await mimes(checker=RecordingChecker(), auth_results=audience, recipients=recipients)
    assert marked == [mime.startswith(OURS + "Received: from client.example") for mime in found]
    assert len({mime.removeprefix(OURS) for mime in found}) == 1


async def test_message_is_checked_as_it_came() -> None:
    """Checks see every byte as received, forged results and x-mq-* fields included, with the very Received field that the documents have."""
    checker = RecordingChecker()
    data = b" odd first line\r\nX-MQ-Tag: a\r\nAuthentication-Results: mx.example.com; spf=fail\r\nSubject: x\r\n\r\nbody\r\n"
    (mime,) = await mimes(data, checker=checker, recipients=(OTHER,))
    ((header, message, received),) = checker.asked
    assert header.message == message.data == data
    assert mime == received.decode() + "X-Leading-Line:\r\n odd first line\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.mark.parametrize("checked", [False, True])
async def test_forged_fields_go(checked: bool) -> None:
    """HD13: fields in the name under which the client was greeted, or in another one of ours, are removed, checks or not; all others stay."""
    kept = b"Authentication-Results: mx.example.org; spf=pass\r\nARC-Authentication-Results: i=1; mx.example.com; spf=pass\r\n"
    forged = b"authentication-results: MX.EXAMPLE.COM 1; dkim=pass\r\nAuthentication-Results : (x) other.example.com;\r\n\tdmarc=pass\r\n"
    body = b"\r\nAuthentication-Results: mx.example.com; spf=pass\r\n"
    for data in (forged + kept + body, kept + forged + body, forged + body):
        (mime,) = await mimes(
            data,
            checker=RecordingChecker() if checked else None,
            recipients=(LOCAL,),
            host_names=("", "Other.example.com"),
            auth_results=Audience(local=True),
        )
        head, _, rest = mime.partition("\tSun, 22 Nov 2026 12:00:00 +0000\r\n")
        assert head.startswith(OURS) == checked
        assert rest.encode() == data.replace(forged, b"")


async def test_own_fields_are_extracted_behind_forged_ones() -> None:
    """Taking out forged fields does not shift what is read afterwards."""
    forged = b"Authentication-Results: mx.example.com; x=y\r\n"
    (document,) = await documents(forged + b"X-MQ-Tag: a\r\n" + forged + b"X-MQ-Tag: b\r\nSubject: x\r\n\r\nbody", recipients=(OTHER,))
    assert document["tags"] == ["a", "b"]
    assert str(document["mime"]).endswith("+0000\r\nSubject: x\r\n\r\nbody")


async def test_reports_carry_their_findings() -> None:
    """RP06: anybody can write a report; its document says what was found about its sender, beside what the report says."""
    publisher = MemoryPublisher()
    reception = MailReception(
        ReceptionSettings(Queues("inbox", reports="reports")),
        publisher,
        lambda: int(NOW.timestamp() * 1000),
        MessageIds(b"testnode"),
        stdlib_dumps,
        checker=RecordingChecker((SpfResult(Verdict.FAIL, SpfIdentity.MAIL_FROM, "a@example.org", "example.org"),)),
    )
    forged = b"x-mq-checks: pass\r\n" + notification(1)
    await reply_of(reception.receive(IncomingMessage(CLIENT, Envelope("a@example.org", (LOCAL,)), forged, "mx.example.com")))
    [document] = [json.loads(body) for body in publisher.bodies("reports")]
    assert document["report"]["type"] == "delivery-status"
    assert document["checks"] == [{"spf": "fail", "smtp.mailfrom": "a@example.org"}]
