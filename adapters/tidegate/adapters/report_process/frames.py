"""What goes over the pipes between the gateway and the process that reads reports.

A question is a message: its length in four octets, then its octets. An answer is one octet that says what it is, the length of the rest in
four octets, then that: the JSON of a report, the note of a message that is none, or nothing for ordinary mail.
"""

import struct

QUESTION = struct.Struct(">I")
ANSWER = struct.Struct(">cI")

REPORT = b"R"
NOTE = b"N"
ORDINARY = b"O"

MAX_QUESTION_BYTES = 32 * 1024 * 1024
"""Larger messages are not asked about: base64 of the largest report that is read takes 14 MB, and an original message may come with it."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""More than the JSON of any report within the bounds of the domain; a larger length is not believed."""
