"""CRC-32C against published values."""

import pytest

from tidegate.domain.crc32c import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),  # the check value of the CRC catalogues
        (bytes(32), 0x8A9136AA),  # RFC 3720 appendix B.4, as the three that follow
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values(data: bytes, expected: int) -> None:
    """The values that RFC 3720 and the CRC catalogues give."""
    assert expected == crc32c(data)
