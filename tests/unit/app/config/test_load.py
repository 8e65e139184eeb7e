"""Reading the configuration from all its places."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tidegate.app.config import ConfigErrors, Loaded, defaults, load
from tidegate.app.config.load import DEFAULT_FILE


def loaded(*argv: str, environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> Loaded:
    """The configuration of a machine that has these files and no others; ``""`` stands for the default file."""

    def read_file(path: str) -> tuple[bytes, int]:
        try:
            return (files or {})["" if path == DEFAULT_FILE else path].encode(), 0o640
        except KeyError:
            raise FileNotFoundError(path) from None

    return load(argv, environ or {}, read_file)


def errors(*argv: str, environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> list[str]:
    """The texts of all errors."""
    with pytest.raises(ConfigErrors) as caught:
        loaded(*argv, environ=environ, files=files)
    return [str(error) for error in caught.value.errors]


def test_defaults() -> None:
    """Without any configuration: port 25, nobody may connect, the embedded queue takes the mail."""
    settings = defaults()
    assert settings.smtp.port == (25,)
    assert not settings.smtp.range
    assert settings.rabbitmq.address == ()
    assert settings.queue.directory == Path("/var/lib/tidegate/queue")
    assert settings.smtp.maxsize == 100 * 1024 * 1024
    assert settings.smtp.timeout == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("argv", "environ", "files", "port"),
    [
        ([], {}, {}, 25),
        ([], {}, {"": "smtp-port: 26"}, 26),
        (["--config-file", "b"], {}, {"": "smtp-port: 26", "b": "smtp-port: 27"}, 27),
        (["--config-file", "b", "--config-file=c"], {}, {"b": "smtp-port: 27", "c": "smtp-port: 28"}, 28),
        ([], {"TIDEGATE_CONFIG_FILE": "b"}, {"b": "smtp-port: 27"}, 27),
        (["--config-file", "c"], {"TIDEGATE_CONFIG_FILE": "b"}, {"b": "smtp-port: 27", "c": "smtp-port: 28"}, 28),
        ([], {"MAILERQ_SMTP_PORT": "29"}, {"": "smtp-port: 26"}, 29),
        ([], {"MAILERQ_SMTP_PORT": "29", "TIDEGATE_SMTP_PORT": "30"}, {"": "smtp-port: 26"}, 30),
        (["--smtp-port", "31"], {"TIDEGATE_SMTP_PORT": "30"}, {"": "smtp-port: 26"}, 31),
        (["--smtp-port=32"], {"TIDEGATE_SMTP_PORT": "30"}, {"": "smtp-port: 26"}, 32),
    ],
)
def test_order_of_places(argv: list[str], environ: dict[str, str], files: dict[str, str], port: int) -> None:
    """Defaults < default file < named files < environment < command line."""
    assert loaded(*argv, environ=environ, files=files).settings.smtp.port == (port,)


def test_all_errors_at_once() -> None:
    """Every place reports, in order, with what is allowed and the nearest key."""
    found = errors(
        "--smtp-prot=3",
        environ={"TIDEGATE_SMTP_TIMEOUT": "soon"},
        files={"": "smtp-port: 70000\nsmtp-threads: 4\n"},
    )
    assert [error.splitlines()[0] for error in found] == [
        "/etc/tidegate/config.txt:1: smtp-port: '70000' is not a port number",
        "/etc/tidegate/config.txt:2: smtp-threads: this version of Tidegate does not have several worker processes yet",
        "environment TIDEGATE_SMTP_TIMEOUT: smtp-timeout: 'soon' is not a duration",
        "command line: smtp-prot: unknown key",
    ]
    assert found[-1].splitlines()[1] == "    nearest known key: smtp-port"
