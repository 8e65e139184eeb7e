"""What to say where an optional library is not installed."""

from tidegate.ports.errors import PermanentFailure


def missing(library: str, extra: str) -> PermanentFailure:
    """The failure of a back end whose library is not there."""
    return PermanentFailure(f"{library} is not installed: pip install 'tidegate[{extra}]'")
