"""Parameters of MAIL and RCPT (RFC 5321 section 4.1.1.11): SIZE, BODY, SMTPUTF8, DSN and AUTH.

Values are checked for their syntax and kept as the client spelled them. Each parameter may come once.
"""

import re

from tidegate.domain.envelope import Body
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.xtext import is_utf8_address, is_xtext
from tidegate.domain.value_object import value_object

MAX_ENVID = 100
"""RFC 3461 section 4.4, in characters."""
MAX_ORCPT = 500
"""RFC 3461 section 4.2, in characters."""

# esmtp-keyword and esmtp-value; UTF-8 in values comes with RFC 6531 section 3.3.
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-<>-~\x80-\xff][!-~\x80-\xff]*+))?")
_SIZE = re.compile(rb"[0-9]{1,20}")
_NOTIFY = re.compile(rb"never|(?:success|failure|delay)(?:,(?:success|failure|delay))*+", re.IGNORECASE)
_ADDRESS_TYPE = re.compile(rb"[A-Za-z0-9-]{1,63}")
_BODIES = {body.value.encode(): body for body in Body}


@value_object
class MailParameters:
    """What MAIL asked for. ``size`` is 0 when it was not declared."""

    size: int = 0
    body: Body = Body.SEVEN_BIT
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None


@value_object
class RcptParameters:
    """What RCPT asked for."""

    notify: str | None = None
    orcpt: str | None = None


_NO_MAIL_PARAMETERS = MailParameters()
_NO_RCPT_PARAMETERS = RcptParameters()


def parse_mail_parameters(data: bytes, *, dsn: bool) -> MailParameters | Reply:
    """Read what follows the path of MAIL.

    Args:
        data: the rest of the command line, no leading spaces; trailing ones are tolerated.
        dsn: whether DSN is offered; its parameters are unknown otherwise.

    Returns:
        The parameters, or the reply that refuses the command.
    """
    if not data:
        return _NO_MAIL_PARAMETERS
    given = _split(data)
    if isinstance(given, Reply):
        return given
    size, body, smtputf8, ret, envid = 0, Body.SEVEN_BIT, False, None, None
    for name, value in given.items():
        match name:
            case b"SIZE":
                if value is None or _SIZE.fullmatch(value) is None:
                    return replies.BAD_PARAMETER
                size = int(value)
            case b"BODY":
                if value is None or value.upper() not in _BODIES:
                    return replies.BAD_PARAMETER
                body = _BODIES[value.upper()]
            case b"SMTPUTF8":
                if value is not None:
                    return replies.BAD_PARAMETER
                smtputf8 = True
            case b"RET" if dsn:
                if value is None or value.upper() not in (b"FULL", b"HDRS"):
                    return replies.BAD_PARAMETER
                ret = value.decode("ascii")
            case b"ENVID" if dsn:
                if value is None or len(value) > MAX_ENVID or not is_xtext(value):
                    return replies.BAD_PARAMETER
                envid = value.decode("ascii")
            case b"AUTH":  # RFC 4954 section 5: a claim about the submitter that nobody here trusts; well-formed, it is ignored
                if value is None or not is_xtext(value.removeprefix(b"<").removesuffix(b">")):
                    return replies.BAD_PARAMETER
            case _:
                return replies.UNKNOWN_PARAMETER
    return MailParameters(size, body, smtputf8, ret, envid)


def parse_rcpt_parameters(data: bytes, *, dsn: bool, smtputf8: bool) -> RcptParameters | Reply:
    """Read what follows the path of RCPT; arguments and result as of :func:`parse_mail_parameters`."""
    if not data:
        return _NO_RCPT_PARAMETERS
    given = _split(data)
    if isinstance(given, Reply):
        return given
    notify, orcpt = None, None
    for name, value in given.items():
        match name:
            case b"NOTIFY" if dsn:
                if value is None or _NOTIFY.fullmatch(value) is None:
                    return replies.BAD_PARAMETER
                notify = value.decode("ascii")
            case b"ORCPT" if dsn:
                if value is None or not _is_orcpt(value, smtputf8=smtputf8):
                    return replies.BAD_PARAMETER
                orcpt = value.decode("utf-8")
            case _:
                return replies.UNKNOWN_PARAMETER
    return RcptParameters(notify, orcpt)


def _split(data: bytes) -> dict[bytes, bytes | None] | Reply:
    given: dict[bytes, bytes | None] = {}
    for word in data.split():
        match = _PARAMETER.fullmatch(word)
        if match is None:
            return replies.BAD_PARAMETER
        name = match[1].upper()
        if name in given:
            return replies.BAD_PARAMETER
        given[name] = match[2]
    return given


def _is_orcpt(value: bytes, *, smtputf8: bool) -> bool:
    kind, separator, address = value.partition(b";")
    if len(value) > MAX_ORCPT or not separator or not address or _ADDRESS_TYPE.fullmatch(kind) is None:
        return False
    if kind.lower() == b"utf-8":
        return (smtputf8 or address.isascii()) and is_utf8_address(address)
    return is_xtext(address)
