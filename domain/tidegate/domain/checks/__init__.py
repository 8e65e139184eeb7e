"""Who a message is from: SPF, DKIM, DMARC, ARC and the client's name, evaluated without I/O; see docs/checks.md for what the verdicts mean.

Each check is a generator that asks the DNS by yielding queries (``lookups``) and returns a finding (``verdict``).
"""
