"""Large reports read in a process of their own, which may use only so much time and memory."""

from tidegate.adapters.report_process.process import ProcessReportReader as ProcessReportReader

__all__ = ["ProcessReportReader"]
