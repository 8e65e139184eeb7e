"""Distinguished names of LDAP: a user name as one attribute value (RFC 4514)."""

_ESCAPED = {character: f"\\{character}" for character in '"+,;<=>\\'} | {chr(code): f"\\{code:02x}" for code in (*range(0x20), 0x7F)}


def escape_value(value: str) -> str:
    """The value as it stands in the string form of a name (RFC 4514 section 2.4); empty for empty.

    A ``#`` or space at the start and a space at the end are escaped too, and control characters by their code, so that whatever a client says
    is one value and nothing but that value.
    """
    if not value:
        return ""
    escaped = [_ESCAPED.get(character, character) for character in value]
    if value[0] in " #":
        escaped[0] = f"\\{value[0]}"
    if value[-1] == " ":
        escaped[-1] = "\\ "
    return "".join(escaped)


def user_dn(username: str, base_dn: str) -> str:
    """``uid=<username>,<base_dn>``: exactly one relative name more than the base has.

    Args:
        username: not empty.
        base_dn: in string form already; empty for the root.
    """
    name = f"uid={escape_value(username)}"
    return f"{name},{base_dn}" if base_dn else name
