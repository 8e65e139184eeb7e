"""Keeps the last column of docs/threats.md true: the tests that name a threat.

A test covers a threat when its docstring, its body, its decorators or a table of its module that it uses names the id (``SM01``; ``SM01 to SM12``
for all between). ``python -m tests.threats --write`` fills the column in: tests that stand there and still name the threat stay, else the first
two that do. Without ``--write`` it says what is wrong.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "threats.md"

NOT_COVERED = "**not covered**"
NOT_TESTABLE = "–"
"""Stands where there is nothing that a test could run; is left alone."""
SHOWN = 2
"""Tests that are filled in where none stood."""

_ID = re.compile(r"\b[A-Z]{2}[0-9]{2}\b")
_RANGE = re.compile(r"\b([A-Z]{2})([0-9]{2}) to \1([0-9]{2})\b")
_ROW = re.compile(r"^\| ([A-Z]{2}[0-9]{2}) \|(.*)\| ([^|]*) \|$")
_NAMED = re.compile(r"`([^`]+\.py::[^`]+)`")

Covering = dict[str, list[str]]
"""Tests by id, like ``unit/domain/test_trace.py::test_for``, in alphabetical order."""


def covering() -> Covering:
    """Which tests name which threat."""
    found: Covering = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, text in _tests(path.read_text()):
            for threat in _ids(text):
                found.setdefault(threat, []).append(f"{path.relative_to(TESTS)}::{name}")
    return found


def problems(page: str, tests: Covering) -> list[str]:
    """What is not true of the page, one sentence each."""
    wrong = []
    seen: set[str] = set()
    for line in page.splitlines():
        match = _ROW.match(line)
        if match is None:
            continue
        threat, column = match[1], match[3]
        if threat in seen:
            wrong.append(f"{threat} has two rows")
        seen.add(threat)
        gone = [name for name in _NAMED.findall(column) if name not in tests.get(threat, ())]
        wrong += [f"{threat}: there is no test {name} that names it" for name in gone]
        if column == NOT_COVERED and threat in tests:
            wrong.append(f"{threat} is covered by {tests[threat][0]}")
        if column not in (NOT_COVERED, NOT_TESTABLE) and not _NAMED.search(column):
            wrong.append(f"{threat}: the column of its tests cannot be read: {column!r}")
    return wrong


def filled(page: str, tests: Covering) -> str:
    """The page with its last column brought up to date."""
    return "".join(_filled_line(line, tests) + "\n" for line in page.splitlines())


def _filled_line(line: str, tests: Covering) -> str:
    match = _ROW.match(line)
    if match is None or match[3] == NOT_TESTABLE:
        return line
    now = tests.get(match[1], [])
    kept = [name for name in _NAMED.findall(match[3]) if name in now]
    names = kept or now[:SHOWN]
    column = ", ".join(f"`{name}`" for name in names) or NOT_COVERED
    return f"| {match[1]} |{match[2]}| {column} |"


def _tests(source: str) -> Iterator[tuple[str, str]]:
    """Name and text of each test function, with the tables that it uses."""
    body = ast.parse(source).body
    tables = {}
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name):
                tables[target.id] = _text(source, node)
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            own = "\n".join([_text(source, node), *(_text(source, decorator) for decorator in node.decorator_list)])
            yield node.name, "\n".join([own, *(tables[name] for name in sorted(used & tables.keys()))])


def _text(source: str, node: ast.AST) -> str:
    return ast.get_source_segment(source, node) or ""


def _ids(text: str) -> set[str]:
    found = set(_ID.findall(text))
    for group, first, last in _RANGE.findall(text):
        found.update(f"{group}{number:02d}" for number in range(int(first), int(last) + 1))
    return found


def main() -> int:
    """Write or check; the exit status."""
    page, tests = PAGE.read_text(), covering()
    if "--write" in sys.argv[1:]:
        page = filled(page, tests)
        PAGE.write_text(page)
    wrong = problems(page, tests)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
