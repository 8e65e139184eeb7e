"""Reports as SpamAssassin 4.0 sets them: ``PerMsgStatus::check_cleanup``, ``Util::wrap`` and the template of ``10_default_prefs.cf``."""

import re
from collections.abc import Sequence

import attrs

HEADING = " pts rule name              description\n---- ---------------------- " + "-" * 50 + "\n"


@attrs.frozen
class Hit:
    """A rule that matched: its exact points, what its kind puts in front of its description, and what it found."""

    name: str
    score: float
    description: str = "No description available."
    area: str = ""
    found: tuple[str, ...] = ()


def report(hits: Sequence[Hit], preview: str = "Shall we meet?", behind: str = "", heading: str = HEADING) -> bytes:
    """The whole report."""
    total = sum(hit.score for hit in hits)
    text = (
        'Spam detection software, running on the system "vm",\nhas NOT identified this incoming email as spam.\n\n'
        f"Content preview:  {preview} \n\nContent analysis details:   ({total:.1f} points, 5.0 required)\n\n"
        f"{heading}{''.join(map(_row, hits))}\n{behind}"
    )
    return (text.rstrip("\n") + "\n\n").encode("utf-8", "surrogateescape")


def total(hits: Sequence[Hit]) -> float:
    """The score that the head of the answer has."""
    return float(f"{sum(hit.score for hit in hits):.1f}")


def shown(score: float) -> float:
    """The points as the table has them."""
    return float(_points(score)) + 0.0


def _points(score: float) -> str:
    return f"{score:4.0f}" if abs(score) >= 10 else f"{score:4.1f}"


def _row(hit: Hit) -> str:
    points = _points(hit.score)
    words = _wrapped(hit.description, 3 + len(hit.name) + len(points) + len(hit.area))
    return f"{points} {hit.name:<22} {hit.area}{words}\n" + "".join(map(_found, hit.found))


def _found(text: str) -> str:
    pieces = []
    while match := re.match(r"(.{30,48})\s", text):
        pieces.append(match[1])
        text = text[match.end() :]
    return "".join(f"{f'[{piece}]':>78}\n" if len(piece) > 47 else f"{'':27} [{piece}]\n" for piece in (*pieces, text))


def _wrapped(text: str, first: int, width: int = 75, indent: int = 28) -> str:
    lines, line = [], " " * first
    parts = re.split(r"(\s)", text)
    fresh = False  # a line that was just begun takes whatever comes
    for part in parts:
        if not fresh and len(line) + len(part) > width:
            lines.append(line.rstrip())
            line, fresh = " " * indent, True
        line += part
        fresh = False
    return "\n".join((*lines, line)).lstrip()
