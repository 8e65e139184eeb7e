"""Every reply the dialogue gives that does not depend on the session: one table.

Texts are constants: nothing a client sent is ever echoed. Enhanced codes by RFC 3463, RFC 4954 and RFC 6531.
"""

from tidegate.domain.smtp.reply import Reply

_r = Reply.of

OK = _r(250, "2.0.0", "Ok")
SENDER_OK = _r(250, "2.1.0", "Sender ok")
RECIPIENT_OK = _r(250, "2.1.5", "Recipient ok")
CHUNK_OK = _r(250, "2.0.0", "Chunk ok")
START_DATA = _r(354, "", "Start mail input; end with <CRLF>.<CRLF>")  # RFC 2034 section 4: only 2yz, 4yz and 5yz carry enhanced codes
START_TLS = _r(220, "2.0.0", "Ready to start TLS")
BYE = _r(221, "2.0.0", "Bye")
AUTHENTICATED = _r(235, "2.7.0", "Authentication successful")
EMPTY_CHALLENGE = _r(334, "", "")
USERNAME_CHALLENGE = _r(334, "", "VXNlcm5hbWU6")  # base64 of "Username:", as every client of LOGIN expects
PASSWORD_CHALLENGE = _r(334, "", "UGFzc3dvcmQ6")  # "Password:"
CANNOT_VERIFY = _r(252, "2.5.2", "Cannot verify, but will take the message and attempt delivery")
HELP = _r(214, "2.0.0", "Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY STARTTLS AUTH QUIT; see RFC 5321")

# 421: the session ends with these.
SHUTTING_DOWN = _r(421, "4.3.2", "Service shutting down, try again later")
TIMEOUT = _r(421, "4.4.2", "Timeout, closing connection")
TOO_SLOW = _r(421, "4.4.2", "Message data arrives too slowly, closing connection")
SESSION_TOO_LONG = _r(421, "4.4.2", "Session has lasted too long, closing connection")
TOO_MANY_ERRORS = _r(421, "4.7.0", "Too many errors, closing connection")
TOO_MANY_LOGINS = _r(421, "4.7.0", "Too many failed logins, try again later")

# 4yz: the client may try again.
TLS_UNAVAILABLE = _r(454, "4.7.0", "TLS not available")
AUTH_UNAVAILABLE = _r(454, "4.7.0", "Temporary authentication failure, try again later")
NO_SPACE = _r(452, "4.3.1", "Insufficient storage, try again later")
TOO_MANY_RECIPIENTS = _r(452, "4.5.3", "Too many recipients")
OTHER_TRANSACTION = _r(452, "4.5.3", "Send this recipient in another transaction")
NOT_QUEUED = _r(451, "4.3.0", "Message could not be queued, try again later")

# 5yz: syntax and order.
LINE_TOO_LONG = _r(500, "5.5.2", "Line too long")
BAD_LINE = _r(500, "5.5.2", "Command contains control characters or a bare CR or LF")
EMPTY_COMMAND = _r(500, "5.5.2", "Empty command")
UNKNOWN_COMMAND = _r(500, "5.5.1", "Command not recognised")
NOT_IMPLEMENTED = _r(502, "5.5.1", "Command not implemented")
NOT_SMTP = _r(502, "5.7.0", "This is an SMTP server")
NOT_A_PROXY = _r(521, "5.7.0", "No PROXY header is taken from this address")
NO_ARGUMENT_ALLOWED = _r(501, "5.5.4", "This command takes no argument")
BAD_HELO = _r(501, "5.5.4", "Give your host name or address literal")
MAIL_SYNTAX = _r(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX = _r(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]")
BDAT_SYNTAX = _r(501, "5.5.4", "Syntax: BDAT size [LAST]")
BAD_SENDER = _r(501, "5.1.7", "Bad sender address syntax")
BAD_RECIPIENT = _r(501, "5.1.3", "Bad recipient address syntax")
NEEDS_SMTPUTF8 = _r(553, "5.6.7", "Address is not ASCII and SMTPUTF8 was not asked for")
BAD_PARAMETER = _r(501, "5.5.4", "Bad or repeated parameter value")
UNKNOWN_PARAMETER = _r(555, "5.5.4", "Parameter not recognised")
HELLO_FIRST = _r(503, "5.5.1", "Say EHLO first")
MAIL_FIRST = _r(503, "5.5.1", "Say MAIL first")
NESTED_MAIL = _r(503, "5.5.1", "A transaction is open; RSET ends it")
IN_TRANSACTION = _r(503, "5.5.1", "Not allowed inside a transaction")
NO_RECIPIENTS = _r(554, "5.5.1", "No valid recipients")
CHUNKS_STARTED = _r(503, "5.5.1", "Chunks have been sent; go on with BDAT or say RSET")
BINARY_NEEDS_BDAT = _r(503, "5.5.1", "BODY=BINARYMIME needs BDAT")
AUTH_SYNTAX = _r(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]")
UNKNOWN_MECHANISM = _r(504, "5.5.4", "Mechanism not supported; PLAIN and LOGIN are")
BAD_RESPONSE = _r(501, "5.5.2", "Cannot decode the response")
RESPONSE_TOO_LONG = _r(500, "5.5.6", "Authentication exchange line is too long")
AUTH_CANCELLED = _r(501, "5.7.0", "Authentication cancelled")
ALREADY_AUTHENTICATED = _r(503, "5.5.1", "Already authenticated")
TLS_ACTIVE = _r(503, "5.5.1", "TLS is already active")
SYNCHRONIZATION = _r(554, "5.5.0", "SMTP protocol synchronization error: input before the TLS handshake")

# 5yz: who may do what (RFC 4954 section 6).
AUTH_REQUIRED = _r(530, "5.7.0", "Authentication required")
AUTH_FAILED = _r(535, "5.7.8", "Authentication credentials invalid")
AUTH_NEEDS_TLS = _r(538, "5.7.11", "Encryption required for requested authentication mechanism")

# 5yz: the message.
TOO_BIG = _r(552, "5.3.4", "Message exceeds the size limit")
BARE_LINE_ENDS = _r(550, "5.6.11", "Bare CR, bare LF or NUL in message data")
HEADER_TOO_BIG = _r(552, "5.3.4", "Message header exceeds the size or field limit")
LOOP = _r(554, "5.4.6", "Routing loop detected: too many Received fields")

# Connection refused in the greeting.
NOT_ALLOWED = _r(554, "5.7.1", "You are not allowed to connect")
TOO_MANY_CONNECTIONS = _r(421, "4.7.0", "Too many connections from your address, try again later")
