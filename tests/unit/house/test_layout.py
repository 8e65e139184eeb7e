"""The packaging rules that nothing else would notice."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LAYERS = ("domain", "ports", "adapters", "app")


@pytest.mark.parametrize("layer", LAYERS)
def test_namespace_has_no_init(layer: str) -> None:
    """An ``__init__.py`` in one layer's ``tidegate`` folder would hide the other three layers."""
    assert not (ROOT / layer / "tidegate" / "__init__.py").exists()


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_is_typed(layer: str) -> None:
    """Each layer ships its own ``py.typed``."""
    assert (ROOT / layer / "tidegate" / layer / "py.typed").is_file()
