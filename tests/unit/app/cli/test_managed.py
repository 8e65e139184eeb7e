"""``tidegate local``, ``mta`` and ``suspect`` on a SQLite file of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tidegate.app.cli import main
from tidegate.app.cli.managed.lists import EX_DATAERR
from tidegate.app.cli.surroundings import Surroundings


@attrs.frozen
class Outcome:
    """What a run leaves behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command whose state lies in a temporary folder."""

    def nothing(path: str) -> tuple[bytes, int]:
        raise FileNotFoundError(path)

    def go(*argv: str) -> Outcome:
        status = main([*argv, "--state-directory", str(tmp_path / "state")], Surroundings({}, nothing))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return go


def test_local_from_empty_to_tested(run: Run) -> None:
    """Add, list, test, remove: entries in one spelling, matches explained."""
    assert run("local", "add", "Info@Example.COM", "postmaster").out == "2 added\n"
    assert run("local", "add", '"Info"@example.com').out == "0 added, 1 were there already\n"
    assert run("local", "add", "--type", "fnmatch", "*@müller.example").out == "1 added\n"
    assert run("local", "list").out.splitlines() == [
        "PATTERN                  TYPE",
        "Info@example.com         exact",
        "postmaster               exact",
        "*@xn--mller-kva.example  fnmatch",
    ]
    assert json.loads(run("local", "list", "--json", "--containing", "POST").out) == {"pattern": "postmaster", "type": "exact"}
    tested = run("local", "test", "Info@EXAMPLE.com", "x@MÜLLER.example", "info@example.com", "nonsense")
    assert tested.status == 1
    assert tested.out.splitlines() == [
        "Info@EXAMPLE.com: local, by exact Info@example.com, compared as Info@example.com",
        "x@MÜLLER.example: local, by fnmatch *@xn--mller-kva.example, compared as x@xn--mller-kva.example",
        "info@example.com: not local: nothing matches info@example.com",
        "nonsense: not local: is not an e-mail address",
    ]
    assert run("local", "test", "Info@example.com").status == 0
    assert run("local", "test", "info@example.com", "--smtp-local-case", "ignore").status == 0
    assert run("local", "remove", "Info@EXAMPLE.com", "x@example.com").out == "1 removed, 1 were not there\n"
    assert run("local", "remove", "Info@EXAMPLE.com").status == 1


def test_wrong_entries_are_refused(run: Run) -> None:
    """WC13: each with its reason, and nothing is added."""
    assert "'a@b,c@d' is not an e-mail address" in run("local", "add", "ok@example.com", "a@b,c@d").err
    assert "is no regular expression" in run("local", "add", "--type", "regex", "(").err
    assert "is not a host name" in run("mta", "add", "192.0.2.1", "no name").err
    assert "host bits" in run("suspect", "add", "192.0.2.1/24").err
    assert "is not a duration" in run("suspect", "add", "192.0.2.1", "--expires", "soon").err
    said = {
        ("mta", "add", "192.0.2.1", "a_b"): "Error: 'a_b' is not a host name\n",
        ("mta", "add", "host", "a.example"): "Error: 'host' is not an IP address\n",
        ("mta", "test", "host"): "Error: 'host' is not an IP address\n",
        ("suspect", "add", "192.0.2.1", "--reason", "r" * 999): "Error: '192.0.2.1': the reason is longer than ",
        (
            "suspect",
            "add",
            "192.0.2.1",
            "--expires",
            "soon",
        ): "'soon' is not a duration; write 7d, 12h, or a moment like 2026-12-31T12:00:00Z\n",
    }
    for argv, sentence in said.items():
        assert sentence in run(*argv).err
    assert run("local", "list").out.splitlines() == ["PATTERN  TYPE"]


@pytest.mark.parametrize(
    ("argv", "effect"),
    [
        (("local", "add", "--type", "fnmatch", "*@*"), "matches addresses at any domain"),
        (("suspect", "add", "0.0.0.0/0"), "large part of the Internet"),
        (("suspect", "add", "::/0"), "large part of the Internet"),
    ],
)
def test_drastic_entries_need_a_yes(run: Run, argv: tuple[str, ...], effect: str) -> None:
    """WC13: where nobody can be asked, the entry is refused unless it was confirmed beforehand."""
    refused = run(*argv)
    assert refused.status == 2
    assert effect in refused.err
    assert "1 added" in run(*argv, "--yes").out


def test_mta(run: Run) -> None:
    """Names per address."""
    run("mta", "add", "::ffff:192.0.2.1", "MX.Example.com")
    assert run("mta", "test", "192.0.2.1").out == "192.0.2.1: mx.example.com\n"
    assert run("mta", "test", "192.0.2.2").status == 1
    assert run("mta", "remove", "192.0.2.1").out == "1 removed\n"


def test_suspect(run: Run) -> None:
    """Networks with reason and expiry."""
    run("suspect", "add", "192.0.2.0/24", "2001:db8::/32", "--reason", "spam run", "--expires", "2999-01-01T00:00:00Z")
    assert run("suspect", "test", "192.0.2.9").out == "192.0.2.9: suspected, by 192.0.2.0/24 (spam run), until 2999-01-01T00:00:00Z, 0 hits\n"
    assert run("suspect", "test", "192.0.3.9").status == 1
    run("suspect", "add", "192.0.2.0/24", "--expires", "2001-01-01")
    gone = run("suspect", "test", "192.0.2.9")
    assert gone.status == 1
    assert "no longer suspected" in gone.out
    assert run("suspect", "add", "192.0.2.77", "--expires", "7d").status == 0
    assert json.loads(run("suspect", "list", "--json", "--containing", "2.77").out)["expires"] > "2026"


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_export_and_import_are_inverse(run: Run, tmp_path: Path, format_: str) -> None:
    """What is exported is imported again, for each list, byte for byte."""
    run("local", "add", "a@example.com", '"b, \\"c"@example.com', "üser@example.com")
    run("local", "add", "--type", "regex", r"x,\d+@example\.com")
    run("mta", "add", "192.0.2.1", "mx.example.com")
    run("suspect", "add", "192.0.2.0/24", "--reason", 'he said "no", twice', "--expires", "2999-01-01")
    for name in ("local", "mta", "suspect"):
        first, second = tmp_path / f"{name}-1", tmp_path / f"{name}-2"
        assert run(name, "export", str(first), "--format", format_).status == 0
        listed = run(name, "list").out
        rows = len(listed.splitlines()) - 1
        assert run(name, "import", str(first), "--replace").out == f"{rows} in the list\n"
        assert run(name, "import", str(first)).out == f"0 added, {rows} were there already or came twice\n"
        assert run(name, "list").out == listed
        run(name, "export", str(second), "--format", format_)
        assert first.read_bytes() == second.read_bytes()


def test_import_of_plain_lines(run: Run, tmp_path: Path) -> None:
    """One address a line, comments and empty lines passed over, byte order mark and CRLF taken."""
    file = tmp_path / "addresses.txt"
    file.write_bytes("\ufeff# ours\r\na@example.com\r\n\r\nb@example.com\r\n".encode())
    assert run("local", "import", str(file)).out == "2 added, 0 were there already or came twice\n"


BAD_FILES = [
    ("a@example.com\nnonsense\nb@example.com\n", EX_DATAERR, "line 2: 'nonsense' is not an e-mail address"),
    ("pattern,type\na@example.com,exact\n*@x,glob\n", EX_DATAERR, "line 3: '*@x glob' has the type 'glob'"),
    ('[{"pattern": "a@b.example"}, {"pattern": "x"}]', EX_DATAERR, "item 2: 'x' is not an e-mail address"),
    ("pattern,kind\na@example.com,exact\n", 2, "'kind'; known are pattern, type"),
    ("pattern,type\na@example.com\n", 2, "not as many fields"),
    ('{"pattern": ', 2, "is not JSON"),
    ('[{"pattern": {"a": 1}}]', 2, "neither an object of texts nor a text"),
    ("[" * 100_000, 2, "is not JSON"),
    ("pattern,type\n" + "x" * 5000 + ",exact\n", 2, "is not CSV"),
]


@pytest.mark.parametrize(("text", "status", "said"), BAD_FILES)
def test_files_that_cannot_be_imported(run: Run, tmp_path: Path, text: str, status: int, said: str) -> None:
    """What is wrong and where is said, and nothing is changed, not even by --replace."""
    run("local", "add", "keep@example.com")
    file = tmp_path / "file"
    file.write_text(text)
    outcome = run("local", "import", str(file), "--replace")
    assert outcome.status == status
    assert said in outcome.err
    assert "keep@example.com" in run("local", "list").out


def test_many_wrong_entries(run: Run, tmp_path: Path) -> None:
    """A file that is wrong throughout is told of in a screenful."""
    file = tmp_path / "file"
    file.write_text("nonsense\n" * 1000)
    outcome = run("local", "import", str(file))
    assert len(outcome.err.splitlines()) == 21
    assert "1000 entries cannot be used (the first 20 are shown)" in outcome.err


def test_a_database_that_is_away(run: Run) -> None:
    """One sentence, without the password, and a status for scripts."""
    outcome = run("local", "list", "--database-address", "postgresql://tidegate:s3cret@127.0.0.1:1/mail")
    assert outcome.status == 75
    assert outcome.err.startswith("error: database postgresql://tidegate:***@127.0.0.1:1/mail: ")
    assert outcome.err.count("\n") == 1
    assert "s3cret" not in outcome.err
