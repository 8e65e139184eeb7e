"""Reading the configuration from all its places."""

from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.unit.app.config.reading import errors, loaded, warnings

from tidegate.app.config import ConfigErrors, defaults, load
from tidegate.app.config.problems import Origin, Source


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


def test_what_could_not_be_read_is_not_called_missing() -> None:
    """A file that is not there is one error: no warning adds that its settings are empty."""
    with pytest.raises(ConfigErrors) as caught:
        loaded("--config-file", "nowhere")
    assert [str(error) for error in caught.value.errors] == ["command line: config-file: there is no file 'nowhere'"]
    assert caught.value.warnings == ()


def test_all_errors_at_once() -> None:
    """Every place reports, in order, with what is allowed and the nearest key."""
    found = errors(
        "--smtp-prot=3",
        environ={"TIDEGATE_SMTP_TIMEOUT": "soon"},
        files={"": "smtp-port: 70000\nwww-port: 84850\n"},
    )
    assert [error.splitlines()[0] for error in found] == [
        "/etc/tidegate/config.txt:1: smtp-port: '70000' is not a port number",
        "/etc/tidegate/config.txt:2: www-port: '84850' is not a port number",
        "environment TIDEGATE_SMTP_TIMEOUT: smtp-timeout: 'soon' is not a duration",
        "command line: smtp-prot: unknown key",
    ]
    assert found[-1].splitlines()[1] == "    nearest known key: smtp-port"


def test_features_to_come() -> None:
    """A file that was written for the original is accepted; what has no effect is said once for each feature."""
    text = "smtp-range: 127.0.0.1\nwww-port: 8485\nwww-ip: 10.0.0.1\nstorage-policy: in\n"
    assert warnings(files={"": text}) == [
        "/etc/tidegate/config.txt:2: www-port: has no effect: this version of Tidegate does not have the management console yet; "
        "neither has www-ip",
        "/etc/tidegate/config.txt:4: storage-policy: has no effect: this version of Tidegate does not have a message store yet",
    ]
    assert warnings(files={"": "smtp-range: 127.0.0.1\nwww-port:\nstorage-policy: none\n"}) == []


def test_origins() -> None:
    """Each key tells where its value was written."""
    result = loaded("--smtp-errors", "7", environ={"TIDEGATE_SMTP_TIMEOUT": "9"}, files={"": "\nsmtp-port: 26"})
    assert result.origins["smtp-port"] == Origin(Source.FILE, 0, 2, "/etc/tidegate/config.txt")
    assert str(result.origins["smtp-timeout"]) == "environment TIDEGATE_SMTP_TIMEOUT"
    assert str(result.origins["smtp-errors"]) == "command line"
    assert str(result.origins["smtp-maxsize"]) == "default"
    assert result.texts["smtp-errors"] == ("7",)


def test_settings_are_frozen() -> None:
    """The domain receives finished values that nobody changes."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        defaults().smtp.maxsize = 1  # type: ignore[misc]


def test_defaults_follow_other_keys() -> None:
    """The queue's folder lies in the state folder until it is named, or named empty."""
    assert loaded("--state-directory", "./var").settings.queue.directory == Path("var/queue")
    assert loaded("--state-directory", "./var", "--queue-directory=").settings.queue.directory == Path("var/queue")
    assert loaded("--state-directory", "./var", "--queue-directory=q").settings.queue.directory == Path("q")


def test_error_in_what_a_default_is_made_from_is_told_once() -> None:
    """A bad state-directory is no error of queue-directory too."""
    assert len(errors("--state-directory", "~/x")) == 1


@pytest.mark.parametrize(
    ("key", "attribute", "empty"),
    [
        ("smtp-port", "port", ()),
        ("smtp-ip", "ip", ()),
        ("smtp-certificate", "certificate", None),
        ("smtp-maxsize", "maxsize", 100 * 1024 * 1024),
        ("smtp-extract", "extract", True),
    ],
)
def test_empty_value(key: str, attribute: str, empty: object) -> None:
    """Empty text means something of its own for some keys and the default for all others, in every place."""
    assert loaded("--smtp-secure-port=465", "--smtp-key=k", "--smtp-certificate=c", files={"": f"{key}:"}).settings.smtp.key == Path("k")
    rest = [] if key == "smtp-certificate" else ["--smtp-secure-port=465", "--smtp-key=k", "--smtp-certificate=c"]
    assert getattr(loaded(*rest, files={"": f"{key}:  "}).settings.smtp, attribute) == empty
    assert getattr(loaded(*rest, f"--{key}=").settings.smtp, attribute) == empty
    assert getattr(loaded(*rest, f"--{key}", "").settings.smtp, attribute) == empty


def test_empty_value_takes_back_what_a_weaker_place_says() -> None:
    """``--smtp-maxsize=`` is the default again, ``--rabbitmq-inbox=`` discards."""
    files = {"": "smtp-maxsize: 1MB\nrabbitmq-inbox: in"}
    assert loaded(files=files).settings.smtp.maxsize == 1024 * 1024
    assert loaded("--smtp-maxsize=", files=files).settings.smtp.maxsize == 100 * 1024 * 1024
    assert loaded("--rabbitmq-inbox=", files=files).settings.rabbitmq.inbox == ""
    assert loaded(environ={"TIDEGATE_RABBITMQ_INBOX": ""}, files=files).settings.rabbitmq.inbox == ""


def test_older_names() -> None:
    """The older names of MailerQ are read, and messages name what was written."""
    settings = loaded(files={"": "smtp-ranges: 10.0.0.0/8\nsmtp-privatekey: k\nsmtp-certificate: c"}).settings
    assert "10.1.2.3" in settings.smtp.range
    assert settings.smtp.key == Path("k")
    assert errors(files={"": "smtp-ranges: x"})[0].startswith("/etc/tidegate/config.txt:1: smtp-ranges: ")


def test_repeated_keys() -> None:
    """Of a repeated key the last line counts, with a warning; an older name is the same key."""
    files = {"": "smtp-range: 10.0.0.1\nsmtp-ranges: 10.0.0.2\nsmtp-port: 25"}
    assert "10.0.0.2" in loaded(files=files).settings.smtp.range
    assert warnings(files=files) == ["/etc/tidegate/config.txt:2: smtp-ranges: is given again; this value counts, that of line 1 does not"]
    assert warnings("--smtp-port", "25", "--smtp-port", "26") == [
        "command line: smtp-port: is given again; this value counts, that of command line does not"
    ]
    both = {"MAILERQ_SMTP_PORT": "25", "TIDEGATE_SMTP_PORT": "26"}
    assert warnings(environ=both) == [
        "environment TIDEGATE_SMTP_PORT: smtp-port: is given again; this value counts, that of environment MAILERQ_SMTP_PORT does not"
    ]


def test_stronger_place_replaces_without_a_warning() -> None:
    """To override is what places are for; what is overridden is not read."""
    assert warnings("--smtp-port", "26", "--config-file", "b", files={"": "smtp-port: x", "b": "smtp-port: y"}) == []


def test_config_file_that_cannot_be_read() -> None:
    """A named file must be there, the default file need not; the error tells who named it."""
    assert errors("--config-file", "gone.txt") == ["command line: config-file: there is no file 'gone.txt'"]
    assert errors(environ={"TIDEGATE_CONFIG_FILE": "gone.txt"}) == [
        "environment TIDEGATE_CONFIG_FILE: config-file: there is no file 'gone.txt'"
    ]

    def refuse(path: str) -> tuple[bytes, int]:
        raise PermissionError(13, "Permission denied", path)

    with pytest.raises(ConfigErrors, match=r"^default: config-file: cannot read '/etc/tidegate/config.txt': Permission denied$"):
        load([], {}, refuse)


def test_files_on_disk(tmp_path: Path) -> None:
    """Reading as the program does: a real file, a folder, a file that is not there, and one that is too large."""
    file = tmp_path / "config.txt"
    file.write_text("smtp-port: 2525\n")
    assert load(["--config-file", str(file)], {}).settings.smtp.port == (2525,)
    for path, complaint in (
        (tmp_path, "Is a directory"),
        (tmp_path / "gone", "there is no file"),
        (Path("/dev/zero"), "is larger than 1024 KB"),
    ):
        with pytest.raises(ConfigErrors, match=complaint):
            load(["--config-file", str(path)], {})


def test_path_with_a_nul() -> None:
    """The command line cannot hold NUL, but a caller can."""
    with pytest.raises(ConfigErrors, match="it has no valid name"):
        load(["--config-file", "a\0b"], {})


def test_sending_half_is_ignored_with_one_warning_per_place() -> None:
    """Keys of MailerQ's other parts do not keep an existing file from working."""
    files = {"": "max-attempts: 3\nsmtp-port: 25\nsend-log-file: /x\nmax-attempts: 4\nspool-directory: /y"}
    assert warnings(files=files, environ={"MAILERQ_RETRY_INTERVAL": "600"}) == [
        "/etc/tidegate/config.txt: keys of sending and other parts of MailerQ are ignored: max-attempts, send-log-file, spool-directory",
        "environment MAILERQ_…: keys of sending and other parts of MailerQ are ignored: retry-interval",
    ]


def test_unknown_variable_is_a_warning() -> None:
    """An orchestrator makes variables with the name of the service; they must not keep the server from starting."""
    environ = {"TIDEGATE_PORT_25_TCP_ADDR": "10.0.0.1", "TIDEGATE_SMTP_PROT": "25", "TIDEGATE_CORPORA": "x", "PATH": "/bin"}
    assert warnings(environ=environ) == [
        "environment TIDEGATE_PORT_25_TCP_ADDR: is not the name of a setting and is ignored",
        "environment TIDEGATE_SMTP_PROT: is not the name of a setting and is ignored\n    nearest known key: smtp-port",
    ]


def test_values_without_their_feature() -> None:
    """A missing feature is told of only where a value needs it: what switches it off may stand, and so may the defaults."""
    files = {"": "smtp-threads: 1\nsmtp-auth:\nsmtp-check:\nrabbitmq-local:\nstorage-policy: none"}
    assert loaded(files=files).settings.smtp.threads == 1
    assert loaded().settings.smtp.protection is True
    assert warnings(files=files) == warnings(files={"": "smtp-threads: 1"})


def test_value_on_the_command_line_can_switch_a_feature_off() -> None:
    """An existing file can be tried without being changed."""
    assert loaded("--smtp-check=", files={"": "smtp-check: spf"}).settings.smtp.check == frozenset()
    assert warnings("--www-port=", files={"": "www-port: 8485"}) == warnings()
