"""The server side of SMTP (RFC 5321) as a machine without I/O: bytes in, replies and events out.

:class:`~tidegate.domain.smtp.session.Session` is the machine. Whoever owns a socket feeds it what arrives and does what the returned events ask
for; the machine knows no clock, no socket and no thread.
"""
