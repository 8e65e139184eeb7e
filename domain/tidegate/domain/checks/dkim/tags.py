"""Tag lists, ``v=1; a=rsa-sha256; …``: the syntax of signatures and keys (RFC 6376 section 3.2). Reading is total and linear."""

import re
from base64 import b64decode
from binascii import Error as Base64Error

_WHITE_SPACE = " \t"
_is_name = re.compile(r"[A-Za-z][A-Za-z0-9_]*").fullmatch
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class TagError(ValueError):
    """The text is no tag list, or a tag has a value that its rules do not allow. ``args[0]`` says what is wrong."""


def parse_tags(text: bytes) -> dict[str, str]:
    """Read a tag list, folded or not: values by name, both as written, without white space around them.

    Raises:
        TagError: an empty or nameless tag, one name twice (which makes the whole list invalid), a control character.
    """
    unfolded = text.replace(b"\r\n", b"").decode("utf-8", "replace")
    if _CONTROL.search(unfolded):
        raise TagError("a control character")
    tags: dict[str, str] = {}
    specs = unfolded.split(";")
    if not specs[-1].strip(_WHITE_SPACE):  # one semicolon may stand at the end
        specs.pop()
    for spec in specs:
        name, equals, value = spec.partition("=")
        name = name.strip(_WHITE_SPACE)
        if not equals or not _is_name(name):
            raise TagError("a tag without name or value")
        if name in tags:
            raise TagError(f"tag {name[:20]}= twice")
        tags[name] = value.strip(_WHITE_SPACE)
    return tags


def decode_base64(name: str, value: str) -> bytes:
    """The bytes of a base64 value with white space inside.

    Raises:
        TagError: empty, or not base64.
    """
    try:
        decoded = b64decode("".join(value.split()), validate=True)
    except (Base64Error, ValueError):
        raise TagError(f"{name}= is not base64") from None
    if not decoded:
        raise TagError(f"{name}= is empty")
    return decoded


def parse_number(name: str, value: str, max_digits: int) -> int:
    """A decimal number of at most ``max_digits`` digits.

    Raises:
        TagError: anything else.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= max_digits):
        raise TagError(f"{name}= is not a number")
    return int(value)


def split_list(value: str) -> list[str]:
    """The items of a list with colons and white space between them."""
    return [item.strip(_WHITE_SPACE) for item in value.split(":")]
