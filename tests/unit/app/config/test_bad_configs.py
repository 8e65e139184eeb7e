"""The folder of broken config files, each with its exact errors beside it."""

from pathlib import Path

import pytest
from tests.unit.app.config.reading import errors

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "bad-configs"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.conf")), ids=lambda file: file.stem)
def test_bad_config(file: Path) -> None:
    """OP01: the errors of ``NN-name.conf`` are the text of ``NN-name.expected``. OP12 is number 20."""
    found = errors("--config-file", file.name, files={file.name: file.read_bytes()})
    assert "".join(f"{error}\n" for error in found) == file.with_suffix(".expected").read_text()
    assert not any("s3cret" in error for error in found)


def test_folder_is_whole() -> None:
    """No file without its partner, no number twice."""
    assert {file.stem for file in FOLDER.glob("*.conf")} == {file.stem for file in FOLDER.glob("*.expected")}
    numbers = [file.name[:2] for file in sorted(FOLDER.glob("*.conf"))]
    assert numbers == [f"{number:02}" for number in range(1, len(numbers) + 1)]
