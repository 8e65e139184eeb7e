"""DMARC aggregate reports: both formats, all containers, broken numbers."""

import gzip
import zipfile

import pytest
from tests.unit.domain.reports.messages import XML, attached, crlf, note_of, report_of, zipped

from tidegate.domain.reports import DmarcAggregate
from tidegate.domain.reports.dmarc_aggregate import AggregateRecord, AuthResult, OverrideReason, PolicyPublished, read_dmarc_aggregate
from tidegate.domain.reports.outcome import Unreadable

REPORT = b"""<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0" xmlns:e="urn:x">
 <version>1.0</version>
 <report_metadata><org_name> A &amp; B </org_name><email>d@x</email><extra_contact_info>i</extra_contact_info><report_id>r1</report_id>
  <date_range><begin>1</begin><end>2</end></date_range><error>e1</error><error>e2</error><generator>G/1</generator></report_metadata>
 <policy_published><domain>x</domain><p>none</p><sp>reject</sp><np>none</np><adkim>r</adkim><aspf>s</aspf><pct>50</pct><fo>1</fo>
  <testing>y</testing><discovery_method>psl</discovery_method></policy_published>
 <extension><e:a>b</e:a></extension>
 <record><row><source_ip>2001:DB8::1</source_ip><count>3</count><policy_evaluated><disposition>None</disposition><dkim>PASS</dkim><spf>fail</spf>
   <reason><type>local_policy</type><comment>c</comment></reason><reason><type>other</type></reason></policy_evaluated></row>
  <identifiers><header_from>x</header_from><envelope_from></envelope_from><envelope_to>y</envelope_to></identifiers>
  <auth_results><dkim><domain>x</domain><selector>s</selector><result>pass</result><human_result>ok</human_result></dkim>
   <dkim><domain>z</domain><result>fail</result></dkim><spf><domain>x</domain><scope>mfrom</scope><result>softfail</result></spf></auth_results>
  <e:more>1</e:more></record>
 <record><row><source_ip>junk</source_ip><count>many</count></row></record>
</feedback>"""

EXPECTED = DmarcAggregate(
    version="1.0",
    org_name="A & B",
    email="d@x",
    extra_contact_info="i",
    report_id="r1",
    begin=1,
    end=2,
    errors=("e1", "e2"),
    generator="G/1",
    policy_published=PolicyPublished("x", "none", "reject", "none", "r", "s", 50, "1", "y", "psl"),
    messages=3,
    records=(
        AggregateRecord(
            source_ip="2001:db8::1",
            count=3,
            disposition="none",
            dkim="pass",
            spf="fail",
            reasons=(OverrideReason("local_policy", "c"), OverrideReason("other")),
            header_from="x",
            envelope_from="",
            envelope_to="y",
            dkim_results=(AuthResult("x", "pass", "s", None, "ok"), AuthResult("z", "fail")),
            spf_results=(AuthResult("x", "softfail", None, "mfrom"),),
        ),
        AggregateRecord(),
    ),
)


def test_every_element() -> None:
    """All elements of RFC 7489 and RFC 9990; extensions are skipped, junk in numbers and addresses is left out (RP03)."""
    assert read_dmarc_aggregate(REPORT) == EXPECTED


@pytest.mark.parametrize(
    "message",
    [
        attached(gzip.compress(REPORT), "application/gzip", "a!b!1!2.xml.gz"),
        attached(gzip.compress(REPORT)),
        attached(gzip.compress(REPORT[:99]) + gzip.compress(REPORT[99:])),
        attached(zipped(("a.xml", REPORT)), "application/zip", "a.zip"),
        attached(zipped(("../../etc/a.xml", REPORT)), "application/x-zip-compressed"),
        attached(zipped(("a.xml", REPORT), method=zipfile.ZIP_STORED)),
        attached(REPORT, "text/xml", "a.xml"),
        attached(REPORT, "text/plain", "a.xml"),
        attached(REPORT.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "application/xml"),
        attached(b"\r\n \xef\xbb\xbf"[:3] + REPORT, "application/xml"),
        crlf("Content-Type: text/xml\n\n") + REPORT,
        crlf("Content-Type: text/plain\n\n") + REPORT,
        crlf("Subject: no type\n\n") + REPORT,
        crlf("Content-Type: application/gzip\nContent-Transfer-Encoding: binary\n\n") + gzip.compress(REPORT),
        attached(REPORT.replace(b"<feedback", b"<f:feedback").replace(b"</feedback", b"</f:feedback").replace(b"xmlns=", b"xmlns:f=")),
    ],
    ids=lambda message: message[:0].decode(),
)
def test_containers(message: bytes) -> None:
    """Gzip of one or two members, zip, plain; attached or as the body; whatever the media type and the name."""
    assert report_of(message) == EXPECTED


def test_prefixes_and_order_do_not_matter() -> None:
    """Elements are found by their names."""
    report = read_dmarc_aggregate(
        b"<a:feedback><record/><a:policy_published/><b:report_metadata><report_id>1</report_id></b:report_metadata></a:feedback>"
    )
    assert (report.report_id, len(report.records)) == ("1", 1)


@pytest.mark.parametrize(
    ("count", "messages"), [("-1", 0), ("1e99", 0), ("9" * 4000, 0), (str(2**53 - 1), 2**53 - 1), (str(2**63), 0), ("1.5", 0), (" 4 ", 4)]
)
def test_counts(count: str, messages: int) -> None:
    """RP03: counts and their sum are numbers that every reader of JSON can hold."""
    records = f"<record><row><count>{count}</count></row></record>".encode()
    assert read_dmarc_aggregate(XML + records + b"</feedback>").messages == messages
    assert read_dmarc_aggregate(XML + records * 9 + b"</feedback>").messages == min(messages * 9, 2**53 - 1)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"<feedback></feedback>", "without report_metadata"),
        (b"<feedback><report_metadata/>", "not well-formed"),
        (XML, "line 2"),
        (b"<html><feedback/></html>", "not a <feedback>"),
        (XML + b"\xff\xff</feedback>", "not well-formed"),
        (b'<?xml version="1.0" encoding="x-unknown"?><feedback/>', "unusable encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><feedback/>', "unusable encoding"),
        (b'<?xml version="1.0" encoding="unicode_escape"?><feedback/>', "unusable encoding"),
        (b'<?xml version="1.0" encoding="iso-8859-99"?><feedback/>', "unusable encoding"),
        (b"", "not well-formed"),
    ],
)
def test_broken_documents(document: bytes, reason: str) -> None:
    """RP02: what is not an aggregate report in well-formed XML is refused with the place."""
    with pytest.raises(Unreadable, match=reason):
        read_dmarc_aggregate(document)


@pytest.mark.parametrize("encoding", ["utf-8", "ISO-8859-15", "windows-1252", "UTF-16"])
def test_encodings(encoding: str) -> None:
    """Encodings that reporters use."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><feedback><report_metadata><org_name>é</org_name></report_metadata><policy_published/></feedback>'
    assert read_dmarc_aggregate(text.encode(encoding)).org_name == "é"


def test_broken_report_leaves_a_note() -> None:
    """A cut report is an ordinary message, and the log tells why."""
    assert note_of(attached(gzip.compress(REPORT[:-20]))).startswith("dmarc-aggregate: XML is not well-formed: line")
    assert note_of(attached(gzip.compress(REPORT)[:-20])) == "dmarc-aggregate: gzip data ends early"
