"""``tidegate explain-ip``."""

import pytest

from tidegate.app.cli import main
from tidegate.app.cli.surroundings import Surroundings

DOCUMENTED = (
    "--smtp-default-ips=1.2.3.4;4.5.6.7",
    "--smtp-mappable-ips=1.2.3.0/24;4.5.6.0/24",
    "--smtp-unmappable-ips=1.2.3.28/32;1.2.3.5/32",
)


def no_file(path: str) -> tuple[bytes, int]:
    """A machine without files."""
    raise FileNotFoundError(path)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("1.2.3.100", *DOCUMENTED), "Mail submitted to 1.2.3.100 is sent from 1.2.3.100: "),
        (("::ffff:1.2.3.100", *DOCUMENTED), "Mail submitted to 1.2.3.100 is sent from 1.2.3.100: "),
        (("1.2.3.28", *DOCUMENTED), "Mail submitted to 1.2.3.28 is sent from the default addresses (1.2.3.4;4.5.6.7): "),
        (("9.9.9.9", *DOCUMENTED), "Mail submitted to 9.9.9.9 is sent from the default addresses (1.2.3.4;4.5.6.7): "),
        (("9.9.9.9",), "Mail submitted to 9.9.9.9 is sent from 9.9.9.9: every address is mappable"),
    ],
)
def test_answer(argv: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The documented examples, and every address when nothing is set."""
    assert main(("explain-ip", *argv), Surroundings({}, no_file)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(expected)
    assert printed.err == ""  # that nobody may connect is no part of the answer


def test_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no address is a wrong use."""
    assert main(("explain-ip", "localhost"), Surroundings({}, no_file)) == 2
    assert "'localhost' is not an IP address" in capsys.readouterr().err
