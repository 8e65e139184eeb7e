"""The spam scanner rspamd, by its HTTP interface (extra ``http``)."""

from tidegate.adapters.rspamd.scanner import RspamdScanner as RspamdScanner

__all__ = ["RspamdScanner"]
