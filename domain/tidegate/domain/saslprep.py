"""SASLprep: the one spelling of a user name (RFC 4013, a profile of stringprep, RFC 3454)."""

import stringprep
from enum import Enum
from unicodedata import ucd_3_2_0


class Prohibited(Enum):
    """Why a text has no prepared form."""

    CHARACTER = "prohibited character"
    DIRECTION = "mixed directions"


_PROHIBITED = (
    stringprep.in_table_c12,  # non-ASCII space characters
    stringprep.in_table_c21_c22,  # control characters
    stringprep.in_table_c3,  # private use
    stringprep.in_table_c4,  # non-character code points
    stringprep.in_table_c5,  # surrogates
    stringprep.in_table_c6,  # inappropriate for plain text
    stringprep.in_table_c7,  # inappropriate for canonical representation
    stringprep.in_table_c8,  # change display properties, deprecated
    stringprep.in_table_c9,  # tagging
    stringprep.in_table_a1,  # unassigned in Unicode 3.2: nobody can tell how they are to be mapped
)


def saslprep(text: str) -> str | Prohibited:
    """The text as RFC 4013 section 2 prepares a stored string; ASCII without control characters is its own.

    May be empty where the text is nothing but characters that are mapped to nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(" " if stringprep.in_table_c12(character) else character for character in text if not stringprep.in_table_b1(character))
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    if any(prohibited(character) for character in prepared for prohibited in _PROHIBITED):
        return Prohibited.CHARACTER
    if any(map(stringprep.in_table_d1, prepared)):  # RFC 3454 section 6
        ends_right_to_left = stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])
        if not ends_right_to_left or any(map(stringprep.in_table_d2, prepared)):
            return Prohibited.DIRECTION
    return prepared
