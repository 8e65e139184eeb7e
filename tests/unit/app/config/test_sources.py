"""The syntax of config file, environment and command line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.app.config.reading import errors, loaded, problems

from tidegate.app.config.sources import MAX_FILE_BYTES, MAX_LINES, from_arguments, from_environment, from_file


def assignments(text: str) -> list[tuple[int, str, str]]:
    """Line, key and value of each line of a file that has no errors."""
    found, problems = from_file(text.encode(), "f", 0)
    assert problems == []
    return [(item.origin.line, item.name, item.text.strip()) for item in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n  \n", []),
        ("# only a comment\n   # another", []),
        ("a: b", [(1, "a", "b")]),
        ("a:b", [(1, "a", "b")]),
        ("  a  :  b  ", [(1, "a", "b")]),
        ("a:", [(1, "a", "")]),
        ("a: b: c", [(1, "a", "b: c")]),
        ("smtp-auth: hardcoded://u:p", [(1, "smtp-auth", "hardcoded://u:p")]),
        ("SMTP-Port: 25", [(1, "smtp-port", "25")]),
        ("a: b\r\nc: d\r\n", [(1, "a", "b"), (2, "c", "d")]),
        ("\ufeffa: b", [(1, "a", "b")]),
        ("a: b\n\n#\nc: d", [(1, "a", "b"), (4, "c", "d")]),
        ("a: b # c", [(1, "a", "b # c")]),
        ("a: \u2028x", [(1, "a", "x")]),
    ],
)
def test_lines(text: str, expected: list[tuple[int, str, str]]) -> None:
    """One assignment a line, split at the first colon; comments behind a value stay until the kind of the key is known."""
    assert assignments(text) == expected


@pytest.mark.parametrize(
    ("line", "inbox"),
    [
        ("rabbitmq-inbox: in", "in"),
        ("rabbitmq-inbox: in # comment", "in"),
        ("rabbitmq-inbox: in\t#comment", "in"),
        ("rabbitmq-inbox: in#box", "in#box"),
        ("rabbitmq-inbox:#box", "#box"),
        ("rabbitmq-inbox: # nothing: such mail is discarded", ""),
        ("rabbitmq-inbox: in #1 #2", "in"),
    ],
)
def test_comment_behind_a_value(line: str, inbox: str) -> None:
    """``#`` after white space begins a comment, any other belongs to the value."""
    assert loaded(files={"": line}).settings.rabbitmq.inbox == inbox


def test_hash_in_free_text() -> None:
    """A log format may hold anything."""
    assert (
        loaded(files={"": "received-log-format: {$date} # {$json.recipient}"}).settings.logs.received_log_format
        == "{$date} # {$json.recipient}"
    )


def test_hash_in_a_secret() -> None:
    """A password with ``#`` is taken whole, and one that could be cut short is refused; an all-comment value is empty."""
    address = loaded(files={"": "rabbitmq-address: amqp://u:pa#ss@h"}).settings.rabbitmq.address[0]
    assert address.password == "pa#ss"
    assert loaded(files={"": "rabbitmq-address: # none yet"}).settings.rabbitmq.address == ()
    assert "write %23" in errors(files={"": "rabbitmq-address: amqp://u:pa #ss@h"})[0]


def test_hash_outside_files_is_a_character() -> None:
    """Variables and arguments hold no comments."""
    assert loaded("--rabbitmq-inbox", "in #1").settings.rabbitmq.inbox == "in #1"
    assert loaded(environ={"TIDEGATE_RABBITMQ_INBOX": "in #1"}).settings.rabbitmq.inbox == "in #1"


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--smtp-port"], "command line: smtp-port: no value follows"),
        (["--smtp-port", "--smtp-ip", "::1"], "command line: smtp-port: no value follows"),
        (["25"], "command line: an argument is no setting"),
        (["-p", "25"], "command line: an argument is no setting"),
        (["--"], "command line: an argument is no setting"),
        (["--=x"], "command line: an argument is no setting"),
        (["---x=y"], "command line: an argument is no setting"),
        (["--smtp-prot=25"], "command line: smtp-prot: unknown key"),
        (["--config-file"], "command line: config-file: no value follows"),
    ],
)
def test_arguments_that_are_no_settings(argv: list[str], complaint: str) -> None:
    """Each form that is not ``--key value`` or ``--key=value`` is told."""
    assert complaint in errors(*argv)[0]


def test_values_that_look_like_options() -> None:
    """``--key=`` takes any value, and a value may hold ``=``."""
    found, problems = from_arguments(["--a=--b", "--c", "d=e", "--f=g=h", "--i", "-j"])
    assert problems == []
    assert [(item.name, item.text) for item in found] == [("a", "--b"), ("c", "d=e"), ("f", "g=h"), ("i", "-j")]


def test_environment_order() -> None:
    """``TIDEGATE_`` comes after ``MAILERQ_``, so it is the stronger one; other variables are none of ours."""
    environ = {"TIDEGATE_A_B": "1", "MAILERQ_A_B": "2", "HOME": "/", "TIDEGATE_REMOTE_IP": "::1"}
    assert [(item.name, item.text) for item in from_environment(environ)] == [("a-b", "2"), ("a-b", "1")]


def test_bounds_of_a_file() -> None:
    """A file of another kind, given by mistake, costs little and is told in one line, or in lines that come quickly."""
    assert errors("--config-file=x", files={"x": "a:\n" * MAX_LINES}) == ["x: has more than 10000 lines: this is no config file"]
    assert errors("--config-file=x", files={"x": " " * (MAX_FILE_BYTES + 1)}) == ["x: is larger than 1024 KB: this is no config file"]
    found = errors("--config-file=x", files={"x": "smtp-prot:\n" * (MAX_LINES - 1)})
    assert len(found) == MAX_LINES - 1
    assert sum("nearest known key" in error for error in found) == 100


def test_names_in_messages_are_printable() -> None:
    """File names and variables come from outside too."""
    assert errors("--config-file=a\x1b[2Jb") == [r"command line: config-file: there is no file 'a\x1b[2Jb'"]
    assert [str(problem) for problem in loaded(environ={"TIDEGATE_A\nB": "1"}).warnings][-1].splitlines() == [
        r"environment TIDEGATE_A\nB: is not the name of a setting and is ignored"
    ]


@given(st.binary(max_size=2000))
@example(b"\xff")
@example(b"smtp-port: 25\x00")
@example(b":" * 100)
@example(b"smtp-auth: hardcoded://" + b" " * 500 + b"#")
def test_reading_a_file_is_total(data: bytes) -> None:
    """Any bytes are a configuration, or errors that say where."""
    for error in problems("--config-file=x", files={"x": data}):
        assert error.startswith("x")
        assert all(line.isprintable() for line in error.splitlines())


_NAMES = st.sampled_from(
    ["smtp-port", "smtp-range", "smtp-auth", "rabbitmq-address", "smtp-maxsize", "max-attempts", "config-file", "nonsense", "x"]
)
_LINES = st.tuples(_NAMES, st.text(st.characters(codec="utf-8"), max_size=30)).map(": ".join)


@given(
    st.lists(_LINES, max_size=8),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=5),
    st.dictionaries(_NAMES, st.text(max_size=12)),
)
def test_loading_is_total(lines: list[str], argv: list[str], variables: dict[str, str]) -> None:
    """Whatever stands in the three places, the outcome is settings or ``ConfigErrors``, and its text can be printed."""
    environ = {f"TIDEGATE_{name.upper().replace('-', '_')}": text for name, text in variables.items()}
    for error in problems(*argv, environ=environ, files={"": "\n".join(lines)}):
        error.encode()


@given(st.lists(st.tuples(st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True), st.from_regex(r"[!-~]{0,20}", fullmatch=True))))
def test_written_lines_are_read_back(pairs: list[tuple[str, str]]) -> None:
    """Round trip of ``key: value`` lines."""
    found, problems = from_file("".join(f"{name}: {text}\n" for name, text in pairs).encode(), "f", 0)
    assert problems == []
    assert [(item.name, item.text.strip()) for item in found] == pairs
