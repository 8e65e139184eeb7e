"""Bounds on what a report may cost, each with its reason.

Whoever can send mail to a local address can send something that looks like a report. A message that passes one of these bounds is left
an ordinary local message, with a note that names the bound.
"""

MAX_PART_HEADER_BYTES = 65_536
"""Header section of one MIME part; real ones stay below 4 KiB. That of the message has limits of its own (:mod:`tidegate.domain.headers`)."""

MAX_MIME_DEPTH = 20
"""Multiparts within multiparts. A report needs two levels, one more for each list or scanner that wrapped it; Postfix refuses at 100."""

MAX_MIME_PARTS = 200
"""Parts looked at in one message. A standard report has three."""

MAX_SCANS = 4
"""How often the octets of a message may be searched for delimiters, once for each level that holds them; levels of real mail are small but
for one or two."""

MAX_PARAMETERS = 64
"""Parameters of one Content-Type or Content-Disposition field (RFC 2231 continuations included)."""

MAX_FIELDS = 120_000
"""Fields in one machine-readable part: twelve for each of MAX_RECIPIENTS, which is the most RFC 3464 defines."""

MAX_FIELD_LINES = 500_000
"""Lines in one machine-readable part: four for each of MAX_FIELDS."""

MAX_RECIPIENTS = 10_000
"""Recipients in one report. Servers take 100 to 1,000 for a message (RFC 5321 section 4.5.3.1.8)."""

MAX_FIELD_CHARS = 4_096
"""Characters kept of one field value; diagnostics of real servers stay below 1,000. Longer values are cut."""

MAX_EXTENSIONS = 32
"""Extension fields kept of one group, so that a report stays smaller than the mail it came in."""

MAX_EXPANDED_BYTES = 10_000_000
"""Size of a report after decompression. The largest public aggregate reports are near 2 MB."""

MAX_RATIO = 200
"""Expanded size to compressed size. XML of aggregate reports compresses 10 to 40 times, zeros in deflate 1,030 times."""

RATIO_FREE_BYTES = 100_000
"""Below this size the ratio is not looked at: a small file costs nothing."""

MAX_XML_DEPTH = 16
"""Elements within elements. Aggregate reports use 5 levels; extensions (RFC 9990) may add their own."""

MAX_XML_ELEMENTS = 500_000
"""Elements in one document: what fits into MAX_EXPANDED_BYTES at 20 bytes an element."""

MAX_RECORDS = 50_000
"""Records in one aggregate report: what fits into MAX_EXPANDED_BYTES at 200 octets a record, which no real one is below."""

MAX_JSON_DEPTH = 32
"""Arrays and objects within each other. A TLS report uses 5 levels."""

MAX_POLICIES = 10_000
"""Policies, and failure details of each, in one TLS report."""

MAX_AUTH_RESULTS = 100
"""DKIM results kept of one record: RFC 9990 asks for no more in a row."""

MAX_BOUNCE_TEXT = 262_144
"""Bytes of readable text searched for a non-standard bounce; the notice comes first, the returned mail after it."""

MAX_BOUNCE_LINES = 8_000
"""Lines of that text."""

INLINE_BYTES = 32_768
"""Size, encoded and decompressed, up to which reading a report takes a few milliseconds at most; larger ones are heavy."""
