"""SpamAssassin's daemon."""

from tidegate.adapters.spamd.scanner import SpamdScanner as SpamdScanner

__all__ = ["SpamdScanner"]
