"""Regular expressions in linear time: Google's RE2, which has no backtracking and therefore no back-references and no look-around."""

from collections.abc import Callable

import re2

MAX_MEMORY = 1 << 18
"""Bytes for one expression: a counted repetition that would need more is refused when it is compiled."""


def compile_regex(text: str, ignore_case: bool) -> Callable[[str], bool]:
    """Plays :data:`tidegate.domain.local_addresses.CompileRegex`."""
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.never_capture = True
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        expression = re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown reason"
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"is no regular expression of RE2 (no back-references, no look-around): {shown}") from None
    fullmatch = expression.fullmatch
    return lambda subject: fullmatch(subject) is not None
