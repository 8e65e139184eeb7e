"""The use case: a complete message becomes durable documents. Knows ports only."""

from tidegate.app.reception.mail_reception import Journal as Journal
from tidegate.app.reception.mail_reception import MailReception as MailReception
from tidegate.app.reception.mail_reception import ReceptionSettings as ReceptionSettings

__all__ = ["Journal", "MailReception", "ReceptionSettings"]
