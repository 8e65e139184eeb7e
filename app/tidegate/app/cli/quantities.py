"""Numbers as people read them."""


def nbytes(number: int) -> str:
    """Bytes with a unit: three digits or so, decimal steps as disks are sold."""
    size = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.95:
            return f"{number} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def age(seconds: float) -> str:
    """A duration in its two largest units: ``2 d 3 h``."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
