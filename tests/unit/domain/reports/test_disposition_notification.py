"""Message disposition notifications."""

import pytest
from tests.unit.domain.reports.messages import crlf, multipart, note_of, report_of

from tidegate.domain.reports import DispositionNotification

KIND = "message/disposition-notification"


def read(body: str, kind: str = KIND) -> DispositionNotification:
    """The receipt with this machine-readable part."""
    report = report_of(multipart(kind, body))
    assert isinstance(report, DispositionNotification)
    return report


@pytest.mark.parametrize("kind", [KIND, "message/global-disposition-notification"])
def test_every_field(kind: str) -> None:
    """All fields of RFC 8098; blank lines between them are forgiven."""
    receipt = read(
        "Reporting-UA: pc.example.net; Mailer 1.0\nMDN-Gateway: dns; gw.example\nOriginal-Recipient: rfc822; sales@x\n\n"
        "Final-Recipient: utf-8; jos\\x{E9}@x\nOriginal-Message-ID: <1@x>\n"
        "Disposition: automatic-action/MDN-sent-automatically;\n processed/Error, warning\nFailure: f\nError: e\nWarning: w\nX-More: m\n",
        kind,
    )
    assert receipt == DispositionNotification(
        disposition="processed",
        modifiers=("error", "warning"),
        action_mode="automatic-action",
        sending_mode="mdn-sent-automatically",
        final_recipient="josé@x",
        final_recipient_type="utf-8",
        original_recipient="sales@x",
        original_message_id="<1@x>",
        reporting_ua="pc.example.net; Mailer 1.0",
        mdn_gateway="gw.example",
        failure="f",
        error="e",
        warning="w",
        extensions={"x-more": "m"},
    )


@pytest.mark.parametrize(
    ("value", "disposition", "modifiers", "mode"),
    [
        ("manual-action/MDN-sent-manually; displayed", "displayed", (), "manual-action"),
        ("manual-action / MDN-sent-manually ; deleted / ", "deleted", (), "manual-action"),
        ("displayed", "displayed", (), None),
        (";", None, (), None),
    ],
)
def test_dispositions(value: str, disposition: str | None, modifiers: tuple[str, ...], mode: str | None) -> None:
    """With and without modes and modifiers."""
    receipt = read(f"Final-Recipient: rfc822; a@x\nDisposition: {value}\n")
    assert (receipt.disposition, receipt.modifiers, receipt.action_mode) == (disposition, modifiers, mode)


def test_empty_receipt_is_none() -> None:
    """A part that has neither a disposition nor a recipient says nothing."""
    assert "without Disposition" in note_of(crlf(multipart(KIND, "Reporting-UA: x\n")))
