"""Settings that hold for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Timing-based health checks and deadlines fail on a loaded machine without a defect; linearity has tests of its own.
settings.register_profile("tidegate", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("tidegate")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of outside test material; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("TIDEGATE_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not folder.is_dir():
        pytest.skip(f"test corpora are not at {folder} (TIDEGATE_CORPORA names another place)")
    return folder
