"""The Author Domain: whose domain stands in the From field (RFC 9989 section 5.3.1, RFC 5322 section 3.6.2).

A field that mail readers understand in different ways is worth nothing: one may show an address that was never checked. So the grammar is read
with its harmless liberties (RFC 5322 section 4, encoded words with specials, unquoted dots, addresses as display names), and everything that
could show two different addresses is a problem, not a guess: several fields, misspelled ones, routes, text behind an angle address, and line
ends by which another reader would find other fields.
"""

import re
from itertools import pairwise

import attrs

from tidegate.domain.checks.comment import comment_end
from tidegate.domain.checks.domain_name import to_ascii
from tidegate.domain.headers import HeaderBlock

MAX_FROM_BYTES = 32 * 1024  # a hundred long mailboxes; RFC 5322 has no limit, real fields stay below 1 kB

_NAME = b"from"
_WHITE_SPACE = b" \t\r\n"

# One token: white space, an encoded word (RFC 2047; may hold specials), a quoted string, an atom, a domain literal, a special. Blanks of other
# scripts belong to atoms (RFC 6532 section 3.2): they stand in names of people.
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]++)
    |(?P<atom>=\?[^?\x00-\x20\x7f]{1,75}\?[BbQq]\?[^?\x00-\x20\x7f]*+\?=|[^()<>@,;:\\".\[\]\x00-\x20\x7f]++)
    |(?P<quoted>"(?:[^"\\\x00]|\\.)*+")
    |(?P<literal>\[[^\[\]\\\x00]*+\])
    |(?P<special>[<>@,;:.])""",
    re.VERBOSE | re.DOTALL,
)


class FromError(ValueError):
    """The field cannot be read as addresses in one way only. ``args[0]`` says why."""


@attrs.frozen
class Author:
    """What the From field says.

    Attributes:
        domain: the first author's domain, A-labels in lower case; empty where none can be read.
        problem: why there is no one Author Domain, or empty.
    """

    domain: str
    problem: str = ""


@attrs.frozen
class _Token:
    """``apart`` says that white space or a comment stands before it, ``commented`` that a comment does."""

    kind: str
    text: str
    apart: bool
    commented: bool


def author_of(block: HeaderBlock) -> Author:
    """Find the From field and the one domain in it."""
    if _has_bare_line_end(block):
        return Author("", "a line end in the header section that is not CRLF")
    # Names that only a careless reader takes for From: with blanks around, or folded before the colon.
    fields = [field for field in block.fields() if field.colon >= 0 and _name(block, field.start, field.colon) == _NAME]
    if len(fields) != 1:
        return Author("", f"{len(fields)} From fields" if fields else "no From field")
    field = fields[0]
    if field.colon - field.start != len(_NAME):
        return Author("", "white space around the name of the From field")
    if field.end - field.start > MAX_FROM_BYTES:
        return Author("", f"From field of more than {MAX_FROM_BYTES} bytes")
    try:
        domains = domains_of(block.message[field.colon + 1 : field.end].decode("utf-8", "surrogateescape"))
    except FromError as error:
        return Author("", f"From field: {error}")
    if len(domains) > 1:
        return Author(domains[0], f"authors of {len(domains)} domains in the From field")
    return Author(domains[0])


def _has_bare_line_end(block: HeaderBlock) -> bool:
    """Whether a CR or an LF stands alone, which BODY=BINARYMIME lets through. Most programs take either for the end of a line."""
    pairs = block.message.count(b"\r\n", 0, block.end)
    return block.message.count(b"\r", 0, block.end) != pairs or block.message.count(b"\n", 0, block.end) != pairs


def _name(block: HeaderBlock, start: int, colon: int) -> bytes:
    # Blanks can make the name of a From field longer, but not without end: a name that long is none.
    return block.message[start : min(colon, start + 1000)].strip(_WHITE_SPACE).lower() if colon - start < 1000 else b""


def domains_of(value: str) -> tuple[str, ...]:
    """The different domains of all mailboxes in the value of a From field, in order of appearance, at least one; A-labels in lower case.

    Linear in the length of the value.

    Raises:
        FromError: the value is not a list of mailboxes and groups, or one of them has no domain name.
    """
    domains = dict.fromkeys(_domain(mailbox) for mailbox in _mailboxes(_tokens(value)))
    if not domains:
        raise FromError("no address")
    return tuple(domains)


def _tokens(value: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    apart = commented = False
    while position < len(value):
        if value[position] == "(":
            position = comment_end(value, position)
            if position < 0:
                raise FromError("a comment without end")
            apart = commented = True
            continue
        match = _TOKEN.match(value, position)
        if match is None:
            raise FromError("a character that cannot stand there")
        position = match.end()
        if match.lastgroup == "space":
            apart = True
            continue
        kind = match[0] if match.lastgroup == "special" else str(match.lastgroup)
        tokens.append(_Token(kind, match[0], apart, commented))
        apart = commented = False
    return tokens


def _mailboxes(tokens: list[_Token]) -> list[list[_Token]]:
    """Split at commas and take groups (RFC 6854) apart. Empty elements (``a@b,,c@d``) are a problem."""
    mailboxes: list[list[_Token]] = []
    current: list[_Token] = []
    angle = in_group = closed = False
    previous = ""
    for token in tokens:
        if closed and token.kind != ",":
            raise FromError("text behind a group")
        if token.kind == "," or (token.kind == ";" and in_group):
            if current:
                mailboxes.append(current)
            elif not closed and not (token.kind == ";" and previous == ":"):
                raise FromError("an empty element")
            closed = token.kind == ";"
            in_group = in_group and not closed
            current, angle = [], False
        elif token.kind == ":" and not in_group and not angle:
            if not current:
                raise FromError("a group without name")
            current, in_group = [], True
        else:
            current.append(token)
            angle = angle or token.kind == "<"
        previous = token.kind
    if in_group:
        raise FromError("a group without end")
    if current:
        mailboxes.append(current)
    elif mailboxes and not closed:
        raise FromError("an empty element")
    return mailboxes


def _domain(mailbox: list[_Token]) -> str:
    """The domain of one mailbox, with or without display name."""
    kinds = [token.kind for token in mailbox]
    if "<" in kinds:
        start = kinds.index("<")
        if kinds[-1] != ">" or any(kind not in ("atom", "quoted", "literal", ".", "@") for kind in kinds[:start]):
            raise FromError("text around an address in angle brackets")
        return _address_domain(mailbox[start + 1 : -1])
    # "Name" user@example.com, which some senders write.
    start = 0
    while start + 1 < len(mailbox) and kinds[start] == "quoted" and mailbox[start + 1].apart:
        start += 1
    return _address_domain(mailbox[start:])


def _address_domain(tokens: list[_Token]) -> str:
    """The domain of an addr-spec; comments inside it are a problem, white space is not (RFC 5322 section 4.4)."""
    kinds = [token.kind for token in tokens]
    if kinds.count("@") != 1 or any(token.commented for token in tokens[1:]):
        raise FromError("no address" if "@" not in kinds else "not one plain address")
    at = kinds.index("@")
    local, name = kinds[:at], kinds[at + 1 :]
    # Runs of dots are not in the grammar; addresses with them exist and mean no other domain.
    if not local or any(kind not in ("atom", "quoted", ".") for kind in local) or _has_neighbours(local):
        raise FromError("no local-part")
    if name == ["literal"]:
        raise FromError("an address literal in place of a domain")
    if any(kind not in ("atom", ".") for kind in name) or _has_neighbours(name):
        raise FromError("no domain")
    domain = to_ascii("".join(token.text for token in tokens[at + 1 :]))
    if domain is None:
        raise FromError("not a domain name")
    return domain


def _has_neighbours(kinds: list[str]) -> bool:
    """Whether two words follow each other without a dot."""
    return any(first != "." and second != "." for first, second in pairwise(kinds))
