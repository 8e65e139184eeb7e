"""Reports: mail that says what became of other mail, told apart from ordinary messages and read into values."""

from tidegate.domain.reports.bounces.bounce import Bounce as Bounce
from tidegate.domain.reports.classify import Located as Located
from tidegate.domain.reports.classify import Report as Report
from tidegate.domain.reports.classify import classify as classify
from tidegate.domain.reports.classify import locate as locate
from tidegate.domain.reports.classify import may_be_report as may_be_report
from tidegate.domain.reports.delivery_status import DeliveryStatus as DeliveryStatus
from tidegate.domain.reports.disposition_notification import DispositionNotification as DispositionNotification
from tidegate.domain.reports.dmarc_aggregate import DmarcAggregate as DmarcAggregate
from tidegate.domain.reports.feedback import FeedbackReport as FeedbackReport
from tidegate.domain.reports.files import classify_file as classify_file
from tidegate.domain.reports.mapping import as_json as as_json
from tidegate.domain.reports.original import OriginalMessage as OriginalMessage
from tidegate.domain.reports.outcome import NotAReport as NotAReport
from tidegate.domain.reports.outcome import ReportType as ReportType
from tidegate.domain.reports.recipient import Action as Action
from tidegate.domain.reports.recipient import ReportedRecipient as ReportedRecipient
from tidegate.domain.reports.tls_rpt import TlsReport as TlsReport

__all__ = [
    "Action",
    "Bounce",
    "DeliveryStatus",
    "DispositionNotification",
    "DmarcAggregate",
    "FeedbackReport",
    "Located",
    "NotAReport",
    "OriginalMessage",
    "Report",
    "ReportType",
    "ReportedRecipient",
    "TlsReport",
    "as_json",
    "classify",
    "classify_file",
    "locate",
    "may_be_report",
]
