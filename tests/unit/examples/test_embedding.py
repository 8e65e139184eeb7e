"""What docs/embedding.md shows works as it stands there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_blocks(number: int) -> None:
    """Each block is a program whose assertions hold."""
    exec(compile(BLOCKS[number], f"docs/embedding.md, block {number + 1}", "exec"), {})


def test_there_are_blocks() -> None:
    """The pattern above finds them."""
    assert len(BLOCKS) == 2
