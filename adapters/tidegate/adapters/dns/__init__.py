"""DNS over UDP and TCP, with dnspython for the messages (extra ``dns``)."""

from tidegate.adapters.dns.resolver import DnspythonResolver as DnspythonResolver

__all__ = ["DnspythonResolver"]
