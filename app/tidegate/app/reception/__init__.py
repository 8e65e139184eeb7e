"""The use case: a complete message becomes durable documents. Knows ports only."""

from tidegate.app.reception.findings import Audience as Audience
from tidegate.app.reception.findings import Checker as Checker
from tidegate.app.reception.mail_reception import Journal as Journal
from tidegate.app.reception.mail_reception import MailReception as MailReception
from tidegate.app.reception.mail_reception import ReceptionSettings as ReceptionSettings

__all__ = ["Audience", "Checker", "Journal", "MailReception", "ReceptionSettings"]
