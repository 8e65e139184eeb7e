"""Bounds of one SMTP session, each with the reason for its default."""

import attrs

MIN_RECIPIENTS = 100
"""RFC 5321 section 4.5.3.1.8: a server must take at least this many."""


@attrs.frozen
class Limits:
    """Bounds of one session.

    Attributes:
        command_line: octets of a command line with its CRLF. RFC 5321 section 4.5.3.1.4 asks for 512, extensions add to it (SIZE 26,
            SMTPUTF8 10, DSN about 500 for ENVID and ORCPT, RFC 3461 section 5.4); 2,048 holds all of them together.
        unterminated: octets without CRLF after which the connection is closed: who sends more than a command line never ends it.
        recipients: accepted recipients of one transaction; the next RCPT is answered 452 4.5.3, which asks the client for a second transaction.
        errors: replies of 5yz to commands, after which the session ends with 421; a program that guesses is stopped, a person at telnet is not.
        idle_commands: commands that bring no message further (NOOP, RSET, VRFY, HELP, EHLO, a refused MAIL…) between two messages; each one
            more is an error.
        transactions: messages of one session; bounds how long one client is served by one worker.
    """

    command_line: int = 2048
    unterminated: int = 65536
    recipients: int = 1000
    errors: int = 20
    idle_commands: int = 100
    transactions: int = 100_000
