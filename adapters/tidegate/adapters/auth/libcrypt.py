"""crypt(3) of the system's libcrypt, and which of its hashes are worth trusting.

Python's own ``crypt`` module ends with 3.12 and holds the interpreter lock; ctypes gives it up while it waits, so threads hash side by side.
"""

import ctypes
import hmac
import re
from collections.abc import Callable
from functools import cache

from tidegate.ports.errors import PermanentFailure

MAX_SHA_ROUNDS = 5_000_000
"""A thousand times the default, about two seconds."""
MAX_BCRYPT_COST = 15
"""About two seconds."""
MAX_MEMORY = 256 << 20
"""Bytes that one yescrypt or scrypt hash may need; `mkpasswd -R 8` needs 128 MiB, the default 16."""
BCRYPT_BYTES = 72
"""What bcrypt takes of a password; it ignores the rest, so longer ones are refused."""

_ITOA64 = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".decode()
_SHA = re.compile(
    r"\$(?:5\$(?:rounds=([1-9][0-9]*)\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{43}|6\$(?:rounds=([1-9][0-9]*)\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{86})"
)
_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_YESCRYPT = re.compile(r"\$g?y\$j([./0-9A-Za-z])([./0-9A-Za-z])\$[./0-9A-Za-z]{0,86}\$[./0-9A-Za-z]{43}")
_SCRYPT = re.compile(r"\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})[^$:\s]{0,64}\$[./0-9A-Za-z]{43}")


_COST = re.compile(r"\$(?:[56]\$(?:rounds=[0-9]+\$)?|2[aby]\$[0-9]{2}\$|g?y\$[^$]*\$|7\$.{11})")


def cost(stored: str) -> str:
    """The part of a usable hash that decides how long it takes: method and parameters."""
    match = _COST.match(stored)
    return match[0] if match else ""


def unusable(stored: str) -> str | None:
    """Why a stored hash is not trusted, as a phrase that quotes nothing of it; None where it is fine.

    DES, MD5 and their like can be guessed by the billion a second, and DES looks at eight characters only.
    """
    if sha := _SHA.fullmatch(stored):
        rounds = sha[1] or sha[2]
        return f"more than {MAX_SHA_ROUNDS} rounds" if rounds and (len(rounds) > 9 or int(rounds) > MAX_SHA_ROUNDS) else None
    if bcrypt := _BCRYPT.fullmatch(stored):
        return f"a bcrypt cost that is not from 4 to {MAX_BCRYPT_COST}" if not 4 <= int(bcrypt[1]) <= MAX_BCRYPT_COST else None
    if yescrypt := _YESCRYPT.fullmatch(stored):
        return _memory(_ITOA64.index(yescrypt[1]) + 1, _ITOA64.index(yescrypt[2]) + 1)
    if scrypt := _SCRYPT.fullmatch(stored):
        parallel = _number(scrypt[3])
        return _memory(_ITOA64.index(scrypt[1]), _number(scrypt[2]) * max(1, parallel))
    if stored.startswith(("$5$", "$6$", "$2a$", "$2b$", "$2y$", "$y$", "$gy$", "$7$")):
        return "a malformed hash"
    return "not a hash of a method that is safe: sha-512 ($6$), sha-256 ($5$), bcrypt ($2b$) and yescrypt ($y$) are"


def matches(password: str, stored: str) -> bool:
    """Whether the password has this hash. Takes as long as the hash says; call it off the event loop.

    Raises:
        PermanentFailure: the machine has no libcrypt.
    """
    phrase = password.encode()
    computed = crypt(phrase, stored)
    too_long = stored.startswith("$2") and len(phrase) > BCRYPT_BYTES
    return computed is not None and hmac.compare_digest(computed, stored) and not too_long


def crypt(phrase: bytes, setting: str) -> str | None:
    """crypt_ra(3): the hash of a phrase, without NUL, by a setting or a whole hash; None where the setting is not valid.

    Raises:
        PermanentFailure: the machine has no libcrypt.
    """
    crypt_ra, free = _library()
    data, size = ctypes.c_void_p(), ctypes.c_int()
    try:
        result = crypt_ra(phrase, setting.encode(), ctypes.byref(data), ctypes.byref(size))
        return None if result is None or result.startswith(b"*") else result.decode("ascii")
    finally:
        if data.value:
            ctypes.memset(data, 0, size.value)
            free(data)


def salted(method: str, random: bytes) -> str:
    """A new setting by crypt_gensalt_ra(3).

    Args:
        method: prefix like ``$6$``; the library's default cost.
        random: from a cryptographic source, at least 16 bytes.

    Raises:
        PermanentFailure: the machine has no libcrypt, or it does not know the method.
    """
    library = _load()
    library.crypt_gensalt_rn.restype = ctypes.c_char_p
    output = ctypes.create_string_buffer(192)
    setting = library.crypt_gensalt_rn(method.encode(), ctypes.c_ulong(0), random, ctypes.c_int(len(random)), output, ctypes.c_int(len(output)))
    if setting is None:
        raise PermanentFailure(f"libcrypt of this machine does not know {method}")
    return str(setting.decode("ascii"))


@cache
def _load() -> ctypes.CDLL:
    for name in ("libcrypt.so.1", "libcrypt.so.2"):
        try:
            return ctypes.CDLL(name, use_errno=True)
        except OSError:
            continue
    raise PermanentFailure("this machine has no libcrypt: install libcrypt1 (Debian) or libxcrypt (Fedora)")


@cache
def _library() -> tuple[Callable[..., bytes | None], Callable[..., None]]:
    library = _load()
    crypt_ra = library.crypt_ra
    crypt_ra.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int)]
    crypt_ra.restype = ctypes.c_char_p
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    free.restype = None
    return crypt_ra, free


def _memory(log2_n: int, blocks: int) -> str | None:
    return f"needs more than {MAX_MEMORY >> 20} MiB" if log2_n > 30 or (128 * blocks << log2_n) > MAX_MEMORY else None


def _number(text: str) -> int:
    return sum(_ITOA64.index(character) << (6 * place) for place, character in enumerate(text))
