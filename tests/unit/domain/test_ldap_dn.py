"""A user name is one value of a distinguished name, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.ldap_dn import escape_value, user_dn


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("bob", "bob"), ("bob,ou=admins", r"bob\,ou\=admins"), ("bob+cn=x", r"bob\+cn\=x"), ("#41", r"\#41"), (" bob", r"\ bob"), ("bob ", r"bob\ "),
        (r"b\6fb", r"b\\6fb"), ('"bob"', r"\"bob\""), ("bob;x", r"bob\;x"), ("bob\0", r"bob\00"), ("a b", "a b"), ("a#b", "a#b"), (" ", r"\ "), ("  ", r"\ \ "),
        ("<>", r"\<\>"), ("a\nb", r"a\0ab"), ("ü", "ü"), ("", ""),
    ],
)  # fmt: skip
def test_escape(value: str, escaped: str) -> None:
    """AB03: RFC 4514 section 2.4."""
    assert escape_value(value) == escaped


def _names(dn: str) -> list[str]:
    """A reader of names of its own, by RFC 4514 section 3: relative names, values decoded."""
    names, name, at = [], bytearray(), 0
    data = dn.encode()
    while at < len(data):
        byte = data[at : at + 1]
        if byte == b"\\":
            pair = data[at + 1 : at + 3]
            if len(pair) == 2 and all(digit in b"0123456789abcdefABCDEF" for digit in pair):
                name.append(int(pair, 16))
                at += 3
            else:
                assert pair[:1] in (b" ", b'"', b"#", b"+", b",", b";", b"<", b"=", b">", b"\\")
                name += pair[:1]
                at += 2
        elif byte in (b",", b";"):
            names.append(name.decode())
            name = bytearray()
            at += 1
        else:
            assert byte not in (b'"', b"+", b"<", b">", b"\0"), "an unescaped special character"
            name += byte
            at += 1
    return [*names, name.decode()]


@given(st.text(min_size=1, max_size=60) | st.text(alphabet=' #,+"\\<>;=abc0\0\n', min_size=1, max_size=20))
def test_one_name_more_than_the_base(username: str) -> None:
    """AB03: exactly one relative name in front of the base, and its value is the user name."""
    assert _names(user_dn(username, "ou=people,dc=example,dc=com")) == [f"uid={username}", "ou=people", "dc=example", "dc=com"]
    assert _names(user_dn(username, "")) == [f"uid={username}"]
