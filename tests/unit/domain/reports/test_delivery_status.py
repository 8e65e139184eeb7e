"""Delivery status notifications: fields, groups, broken groups, addresses of all kinds."""

import pytest
from tests.unit.domain.reports.messages import crlf, delivery_status, note_of, report_of

from tidegate.domain.reports import Action, DeliveryStatus, ReportedRecipient


def read(body: str, more: str = "") -> DeliveryStatus:
    """The report with this machine-readable part."""
    report = report_of(delivery_status(body, more=more))
    assert isinstance(report, DeliveryStatus)
    return report


def only(body: str) -> ReportedRecipient:
    """Its only recipient."""
    [recipient] = read(body).recipients
    return recipient


def test_every_field() -> None:
    """All fields of RFC 3464, each without its usual type, comments cut from action and status."""
    report = read(
        "Reporting-MTA: dns; mail.example.org\nDSN-Gateway: dns; gw.example.org\nReceived-From-MTA: smtp; [192.0.2.1]\n"
        "Arrival-Date: Fri, 6 Nov 2026 09:05:03 +0000\nOriginal-Envelope-Id: QQ1\nX-Queue: 7\n\n"
        "Original-Recipient: rfc822;alias@example.net\nFinal-Recipient: RFC822; <bob@example.net>\nAction: Failed (bad address)\n"
        "Status: 5.1.1 (no such user)\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1\n  no such user\n"
        "Last-Attempt-Date: Fri, 6 Nov 2026\nWill-Retry-Until: Sat, 7 Nov 2026\nFinal-Log-ID: 4711\nX-Extra: y\n"
    )
    assert report == DeliveryStatus(
        recipients=(
            ReportedRecipient(
                final_recipient="bob@example.net",
                original_recipient="alias@example.net",
                action=Action.FAILED,
                status="5.1.1",
                remote_mta="mx.example.net",
                diagnostic_code="550 5.1.1 no such user",
                last_attempt_date="Fri, 6 Nov 2026",
                will_retry_until="Sat, 7 Nov 2026",
                final_log_id="4711",
                extensions={"x-extra": "y"},
            ),
        ),
        reporting_mta="mail.example.org",
        dsn_gateway="gw.example.org",
        received_from_mta="smtp; [192.0.2.1]",
        arrival_date="Fri, 6 Nov 2026 09:05:03 +0000",
        original_envelope_id="QQ1",
        extensions={"x-queue": "7"},
    )


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        ("Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x\n\nFinal-Recipient: rfc822; b@x\n", ["a@x", "b@x"]),
        # No blank lines at all: a name that repeats begins a recipient.
        ("Reporting-MTA: dns; m\nFinal-Recipient: rfc822; a@x\nAction: failed\nFinal-Recipient: rfc822; b@x\nAction: failed\n", ["a@x", "b@x"]),
        # Blank lines between the fields of one recipient.
        ("Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; a@x\n\nAction: failed\n\nStatus: 5.0.0\n", ["a@x"]),
        # Fields before the name.
        ("Reporting-MTA: dns; m\n\nAction: failed\nStatus: 5.0.0\nFinal-Recipient: rfc822; a@x\n", ["a@x"]),
        ("Reporting-MTA: dns; m\n\nAction: failed\n\nFinal-Recipient: rfc822; a@x\n\nFinal-Recipient: rfc822; b@x\n", ["a@x", "b@x"]),
        # Only the original address is known.
        ("Original-Recipient: rfc822; a@x\nAction: failed\n\nOriginal-Recipient: rfc822; b@x\nFinal-Recipient: rfc822; c@x\n", [None, "c@x"]),
        ("\n\n\nFinal-Recipient: rfc822; a@x\n\n\n\n", ["a@x"]),
        ("This is no field\nFinal-Recipient : rfc822; a@x\nneither: is\n", ["a@x"]),
        ("", []),
    ],
)
def test_groups(body: str, addresses: list[str | None]) -> None:
    """Recipients are told apart with too many blank lines, too few, and fields in any order."""
    assert [recipient.final_recipient for recipient in read(body).recipients] == addresses


def test_fields_stay_with_their_recipient() -> None:
    """A group that begins with the original address does not give it to the recipient before."""
    first, second = read(
        "Final-Recipient: rfc822; a@x\nStatus: 5.1.1\n\nOriginal-Recipient: rfc822; o@x\nFinal-Recipient: rfc822; b@x\n"
    ).recipients
    assert (first.original_recipient, first.status) == (None, "5.1.1")
    assert (second.original_recipient, second.status) == ("o@x", None)


@pytest.mark.parametrize(
    ("value", "address", "kind"),
    [
        ("rfc822; bob@example.net", "bob@example.net", None),
        ("bob@example.net", "bob@example.net", None),
        ("rfc822;", None, None),
        ("x400; /C=de/A=x/", "/C=de/A=x/", "x400"),
        ("rfc822; Bob <bob@example.net>", "bob@example.net", None),
        ("rfc822; @relay:bob@example.net", "@relay:bob@example.net", None),
        (r"utf-8; jos\x{E9}@example.net", "josé@example.net", "utf-8"),
        (r"utf-8; \x{1F600}@\x{10FFFF}.example", "\U0001f600@\U0010ffff.example", "utf-8"),
        (r"utf-8; a\x{0A}b\x{D800}c\x{5C}@x", r"a\x{0A}b\x{D800}c" + "\\@x", "utf-8"),
        ("utf-8; 用户@例え.example", "用户@例え.example", "utf-8"),
        (r"rfc822; a\x{E9}@x", r"a\x{E9}@x", None),
        ("rfc822; <script>alert(1)</script>", "<script>alert(1)</script>", None),
        ("rfc822; a" + "b" * 5000, "a" + "b" * 1023, None),
    ],
)
def test_addresses(value: str, address: str | None, kind: str | None) -> None:
    """RP04, RFC 6533: types are taken off, UTF-8 forms decoded; what is no address is text of bounded length."""
    recipient = only(f"Final-Recipient: {value}\nAction: failed\n")
    assert (recipient.final_recipient, recipient.final_recipient_type) == (address, kind)


@pytest.mark.parametrize(
    ("value", "action"),
    [("failed", Action.FAILED), ("DELAYED", Action.DELAYED), ("relayed(x)", Action.RELAYED), ("exploded", None), ("", None)],
)
def test_actions(value: str, action: Action | None) -> None:
    """Words of RFC 3464 in any case."""
    assert only(f"Final-Recipient: a@x\nAction: {value}\n").action is action


@pytest.mark.parametrize(
    ("value", "status"),
    [("5.1.1", "5.1.1"), ("5.1.351 (x)", "5.1.351"), ("smtp;4.0.0", "4.0.0"), ("9.1.1", None), ("5.1", None), ("1.5.1.1.2", None)],
)
def test_statuses(value: str, status: str | None) -> None:
    """Codes of RFC 3463, comments cut."""
    assert only(f"Final-Recipient: a@x\nStatus: {value}\n").status == status


@pytest.mark.parametrize(
    ("value", "code", "kind"),
    [
        ("smtp; 550 no", "550 no", None),
        ("550 no; really", "550 no; really", None),
        ("X-Unix; 75", "75", "x-unix"),
        ("no reason", "no reason", None),
        ("smtp;", None, None),
    ],
)
def test_diagnostics(value: str, code: str | None, kind: str | None) -> None:
    """The type is taken off, an answer that has a semicolon is not cut."""
    recipient = only(f"Final-Recipient: a@x\nDiagnostic-Code: {value}\n")
    assert (recipient.diagnostic_code, recipient.diagnostic_type) == (code, kind)


def test_control_characters_and_length() -> None:
    """RP04: a value is one line of text without control characters, of bounded length."""
    recipient = only("Final-Recipient: a@x\nDiagnostic-Code: smtp; 550 \x00\x1b[31m\tno" + "x" * 9000 + "\n " + "y" * 9000 + "\n")
    assert recipient.diagnostic_code is not None
    assert recipient.diagnostic_code.startswith("550 [31m nox")
    assert len(recipient.diagnostic_code) <= 4096


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"])
def test_original_message(kind: str) -> None:
    """The header that came back, encoded words decoded; the part may be encoded."""
    more = f"--=_b\nContent-Type: {kind}\nContent-Transfer-Encoding: quoted-printable\n\n\nFrom: =3D?utf-8?q?J=3DC3=3DA9?=3D <j@x>\nTo: b@x\n"
    original = read("Final-Recipient: a@x\n", more + "Message-ID:\n <1@x>\nSubject: a\tb\nDate: now\n\nbody\n").original
    assert original is not None
    assert (original.from_, original.message_id, original.subject, original.to, original.date) == ("Jé <j@x>", "<1@x>", "a b", "b@x", "now")


def test_original_without_fields() -> None:
    """RP04: an original that is empty, or a report itself, is no data."""
    assert read("Final-Recipient: a@x\n", "--=_b\nContent-Type: message/rfc822\n\n\n").original is None
    inner = "--=_b\nContent-Type: message/rfc822\n\n" + delivery_status("Final-Recipient: inner@x\n").replace("=_b", "=_c")
    report = read("Final-Recipient: a@x\n", inner)
    assert [recipient.final_recipient for recipient in report.recipients] == ["a@x"]


def test_internationalised_part() -> None:
    """RFC 6533: the part may be message/global-delivery-status, and encoded in base64."""
    message = 'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\n'
    report = report_of(message + "RmluYWwtUmVjaXBpZW50OiB1dGYtODsg55So5oi3QHgK\n--b--\n")
    assert isinstance(report, DeliveryStatus)
    assert report.recipients[0].final_recipient == "用户@x"


def test_parts_that_are_several() -> None:
    """One part for each recipient, and prose in a part of that type."""
    more = "--=_b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; b@x\nAction: failed\n"
    assert [recipient.final_recipient for recipient in read("Final-Recipient: rfc822; a@x\n", more).recipients] == ["a@x", "b@x"]
    assert [recipient.final_recipient for recipient in read("This was not delivered:\n\n<b@x> is full\n", more).recipients] == ["b@x"]


@pytest.mark.parametrize("subtype", ["report", "mixed", "related"])
def test_top_level_may_be_another_multipart(subtype: str) -> None:
    """Some servers call it multipart/mixed. One that calls it related has to be a mail system by its header."""
    head = "From: MAILER-DAEMON@x\n" if subtype == "related" else ""
    assert isinstance(report_of(head + delivery_status("Final-Recipient: a@x\n", subtype)), DeliveryStatus)


def test_recipients_are_bounded() -> None:
    """RP04: ten thousand recipients are read, one more is too many."""
    group = "Final-Recipient: rfc822; u@x\nAction: failed\n\n"
    assert len(read(group * 10_000).recipients) == 10_000
    assert "10000 recipients" in note_of(crlf(delivery_status(group * 10_001)))


@pytest.mark.parametrize("flood", ["X-A: b\n" * 120_001, "\n" * 500_001, "no field\n" * 500_001])
def test_fields_and_lines_are_bounded(flood: str) -> None:
    """RP04: floods of fields and of lines end."""
    assert "more than" in note_of(crlf(delivery_status("Final-Recipient: a@x\n" + flood)))
