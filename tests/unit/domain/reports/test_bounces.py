"""Non-standard bounces: one notice for each way of naming recipients, and letters that only look like one."""

import pytest
from tests.unit.domain.reports.messages import DAEMON, crlf, note_of, report_of

from tidegate.domain.reports import Action, Bounce, NotAReport, ReportedRecipient, classify

COPY = "\nFrom: Ann <ann@example.com>\nTo: bob@example.net\nSubject: Lunch\nMessage-ID: <1@example.com>\n\nHello carol@example.net\n"


def read(text: str, head: str = DAEMON) -> Bounce:
    """The bounce with this text."""
    report = report_of(f"{head}\n{text}")
    assert isinstance(report, Bounce), report
    return report


def addresses(bounce: Bounce) -> list[str | None]:
    """Who it names."""
    return [recipient.final_recipient for recipient in bounce.recipients]


QMAIL = f"""Hi. This is the qmail-send program at mail.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<bob@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such user

<carol@example.net>:
Sorry, no mailbox here by that name. (#5.7.1)

--- Below this line is a copy of the message.
{COPY}"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  bob@example.net
    (ultimately generated from sales@example.net)
    SMTP error from remote mail server after RCPT TO:<bob@example.net>:
    host mx.example.net [192.0.2.1]: 550-no
    550 such user
  carol@example.net
    mailbox is full: retry timeout exceeded

------ This is a copy of the message, including all the headers. ------
{COPY}"""
EXCHANGE = """Your message

  To:      list@example.net
  Subject: Lunch

did not reach the following recipient(s):

bob@example.net on Fri, 6 Nov 2026 09:05:03 -0000
    The recipient name is not recognized
c=US;a= ;p=X;o=Y;dda:SMTP=carol@example.net; on Fri, 6 Nov 2026
    Unknown Recipient
"""
SENDMAIL = f"""The original message was received at Fri, 6 Nov 2026

   ----- The following addresses had permanent fatal errors -----
<bob@example.net>
    (expanded from: <sales@example.net>)

   ----- Transcript of session follows -----
550 <bob@example.net>... User unknown

   ----- Original message follows -----
{COPY}"""
OPENSMTPD = f"""    Hi!

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

bob@example.net: 550 5.1.1 no such user

    Below is a copy of the original message:
{COPY}"""
OFFICE = """Delivery has failed to these recipients or groups:

Bob Smith (bob@example.net)
The email address you entered couldn't be found.

Carol C. Jones (carol@example.net)
Not found.
"""


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (QMAIL, "qmail", ["bob@example.net", "carol@example.net"]),
        (EXIM, "exim", ["bob@example.net", "carol@example.net"]),
        (EXCHANGE, "exchange", ["bob@example.net", "carol@example.net"]),
        (SENDMAIL, "sendmail", ["bob@example.net"]),
        (OPENSMTPD, "opensmtpd", ["bob@example.net"]),
        (OFFICE, "exchange", ["bob@example.net", "carol@example.net"]),
        (
            "Delivery has failed to these recipients or groups:\n\nbob@example.net<mailto:bob@example.net>\nno\n",
            "exchange",
            ["bob@example.net"],
        ),
        (
            "incorrect. recipient addresses that were incorrectly constructed:\n\n  a@x <bob@example.net>: malformed\n",
            "exim",
            ["bob@example.net"],
        ),
        ("There was an error delivering your mail to <bob@example.net>.\n\nmx did not like our RCPT TO:\n550 no", "dma", ["bob@example.net"]),
        ("User mailbox exceeds allowed size: bob@example.net\n", "imail", ["bob@example.net"]),
        ("Unable to deliver message to: <bob@example.net>\nFailed: 550 no\n", "interscan", ["bob@example.net"]),
        ("Your message could not be delivered to the following user:\n\n'bob@example.net'\n", "exchange", ["bob@example.net"]),
        ("--> Error description:\nError-for:  bob@example.net\nError-Code: 0\n", "lsmtp", ["bob@example.net"]),
        ("送信先アドレスbob@example.netへの配信に失敗しました。\n\n<用户@例え.example>: no\n", "generic", ["用户@例え.example"]),
        ("Unable to deliver to BOB@Example.NET: Mailbox Full\n", "generic", ["BOB@Example.NET"]),
        ("Nobody knows\n\n<bob@example.net>: no such user\n", "generic", ["bob@example.net"]),
        ("Transcript:\n In:  RCPT TO:<bob@example.net> ORCPT=x\n Out: 451 4.3.0 later\n", "generic", ["bob@example.net"]),
        ("554 5.1.1 <bob@example.net>... no\n", "generic", ["bob@example.net"]),
        (
            "Technical report:\n\nReporting-MTA: dns; x\n\nAction: failed\nFinal-Recipient: rfc822; bob@example.net\n",
            "delivery-status",
            ["bob@example.net"],
        ),
        ("Delivery to the following recipient has been delayed:\n\n     bob@example.net\n", "google", ["bob@example.net"]),
        ("Could not be delivered.\n", "generic", []),
    ],
)
def test_families(text: str, name: str, expected: list[str]) -> None:
    """The addresses of each family's layout, without those of the copy below."""
    bounce = read(text)
    assert bounce.format == name
    assert addresses(bounce) == expected


def test_reasons() -> None:
    """The paragraph about each address, its status, and whether a server said it."""
    assert read(QMAIL).recipients == (
        ReportedRecipient(
            final_recipient="bob@example.net",
            action=Action.FAILED,
            status="5.1.1",
            diagnostic_code="192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 no such user",
        ),
        ReportedRecipient(
            final_recipient="carol@example.net",
            action=Action.FAILED,
            status="5.7.1",
            diagnostic_code="Sorry, no mailbox here by that name. (#5.7.1)",
            diagnostic_type="x-text",
        ),
    )


def test_alias_and_basic_status() -> None:
    """The address it was expanded from is the original recipient; a reply code alone gives the class of the status."""
    bob, carol = read(EXIM).recipients
    assert (bob.original_recipient, bob.status) == ("sales@example.net", "5.0.0")
    assert (carol.original_recipient, carol.status) == (None, None)


def test_original_message() -> None:
    """The copy is inside the text, or a part of its own."""
    for bounce in (
        read(QMAIL),
        read(
            'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nUnable to deliver to <bob@example.net>\n--b\nContent-Type: message/rfc822\n'
            + COPY
            + "--b--\n",
            DAEMON.rstrip("\n"),
        ),
    ):
        assert bounce.original is not None
        assert bounce.original.message_id == "<1@example.com>"
        assert addresses(bounce)[0] == "bob@example.net"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("The address to which the message has not yet been delivered is:\n\n  bob@example.net\n", Action.DELAYED),
        ("THIS IS A WARNING MESSAGE ONLY\n\nYour message could not be delivered to <bob@example.net>\n", Action.DELAYED),
        ("Your message could not be delivered to <bob@example.net>\n", Action.FAILED),
    ],
)
def test_delays(text: str, action: Action) -> None:
    """A warning is no failure."""
    assert [recipient.action for recipient in read(text).recipients] == [action]


def test_failed_recipients_field() -> None:
    """X-Failed-Recipients names them where the text is in a language nobody here reads, and adds those that the text leaves out."""
    head = "From: Mail Delivery System <mailer-daemon@x>\nX-Failed-Recipients: bob@example.net, carol@example.net\nSubject: Hola\n"
    assert addresses(read("El grupo no existe.\n", head)) == ["bob@example.net", "carol@example.net"]
    assert addresses(read("The following address(es) failed:\n\n  bob@example.net\n", head)) == ["bob@example.net", "carol@example.net"]
    assert addresses(read("The following address(es) failed:\n\n  dave@example.net\n", head)) == ["dave@example.net"]


def test_original_recipient_as_last_resort() -> None:
    """A notice that names nobody, about a message to one address."""
    text = "Message could not be delivered to mobile.\n\nOriginal Message:\nFrom: ann@example.com\nTo: bob@example.net\n"
    assert addresses(read(text)) == ["bob@example.net"]
    assert addresses(read(text.replace("bob@example.net", "bob@example.net, carol@example.net"))) == []


def test_html_only() -> None:
    """A notice in HTML is read as its text."""
    head = DAEMON + "Content-Type: text/html\n"
    assert addresses(read("<p>Unable to deliver to<br>&lt;bob@example.net&gt;</p><div>550 no", head)) == ["bob@example.net"]


def test_charset_and_encoding() -> None:
    """Text is decoded before it is read; a charset nobody knows does no harm."""
    head = DAEMON + 'Content-Type: text/plain; charset="{}"\nContent-Transfer-Encoding: quoted-printable\n'
    for charset in ("utf-8", "iso-2022-jp", "unicode_escape", "punycode", "x" * 500):
        assert addresses(read("Unable to deliver to=20\n<bo=62@example=2Enet>:=\n no\n", head.format(charset))) == ["bob@example.net"]


def test_notification_of_amazon_ses() -> None:
    """Events mailed by SNS: JSON with a bounce, a complaint or a delivery."""
    head = "From: AWS <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nx-amz-sns-message-id: 1\n"
    event = (
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"bob@example.net","action":"failed","status":"5.1.1",'
        '"diagnosticCode":"smtp; 550 no"}]},"mail":{"commonHeaders":{"messageId":"<1@x>","subject":"Lunch"}}}\n\n--\nUnsubscribe: {link}\n'
    )
    bounce = read(event.replace("{link}", "https://x"), head)
    assert (bounce.format, addresses(bounce), bounce.recipients[0].status) == ("amazon-ses", ["bob@example.net"], "5.1.1")
    assert bounce.original is not None
    assert bounce.original.message_id == "<1@x>"
    delivered = read('{"eventType":"Delivery","delivery":{"recipients":["bob@example.net"],"smtpResponse":"250 2.6.0 ok"}}', head)
    assert delivered.recipients[0].action is Action.DELIVERED
    assert classify(crlf(head + '\n{"notificationType":"Other"}\n')) == NotAReport()
    assert classify(crlf(head + "\nYour subscription is confirmed.\n")) == NotAReport()


@pytest.mark.parametrize(
    "message",
    [
        # A person quotes or forwards a bounce.
        "From: Ann <ann@example.com>\nSubject: Fwd: failure notice\n\n" + QMAIL,
        "From: Ann <ann@example.com>\nSubject: Re: Undelivered Mail Returned to Sender\n\n> <bob@example.net>: no such user\n",
        "From: Ann <ann@example.com>\nSubject: Lunch\n\n" + QMAIL,
        # A vacation program answers (RFC 3834).
        "From: Bob <bob@example.net>\nSubject: Auto: Lunch\nAuto-Submitted: auto-replied\n\nI am away. Write to carol@example.net.\n",
        "From: bob@example.net\nReturn-Path: <>\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nUnable to read your message.\n",
        # A postmaster writes.
        "From: postmaster@example.net\nSubject: Maintenance\n\nTonight. Questions to:\n\n  help@example.net\n",
        # A mail system by its display name, and nothing else.
        "From: Mail Delivery Subsystem <xxx@example.com>\nSubject: x\n\nStuff\n",
        # A parcel could not be delivered.
        "From: Parcels <info@parcels.example>\nSubject: Delivery failed: your parcel\n\nAddress not found. Delivery attempts failed.\n\nhelp@parcels.example\n",
        "From: postmaster@shop.example\nSubject: Your order\n\nUnable to deliver to your address. Write to help@shop.example\n",
        # A machine writes about something else.
        "From: root@example.net\nAuto-Submitted: auto-generated\nSubject: Cron\n\nUnknown user: bob@example.net\n",
        "From: cron@example.net\nAuto-Submitted: auto-generated\nSubject: Cron\n\ndone: bob@example.net\n",
    ],
)
def test_letters_are_no_bounces(message: str) -> None:
    """Without a sign in the header the sentences do not count; with a weak sign alone, addresses do not."""
    assert classify(crlf(message)) == NotAReport()


def test_recipients_are_bounded() -> None:
    """RP04: a notice that names more addresses than fit in its text bound is cut there; floods of text end."""
    flood = "The following address(es) failed:\n\n" + "".join(f"  u{number}@example.net\n" for number in range(20_000))
    assert len(read(flood).recipients) == 8_000 - 2
    assert "MIME parts" in note_of(crlf(DAEMON + 'Content-Type: multipart/mixed; boundary="b"\n\n' + "--b\n\nx\n" * 300))
