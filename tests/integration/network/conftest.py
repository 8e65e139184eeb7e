"""Certificates for the servers of these tests."""

import pytest
from tests.servers.certificates import Certificate, issue


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """One for all tests that need any."""
    return issue(tmp_path_factory.mktemp("certificate"), "first")


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Another, of another authority."""
    return issue(tmp_path_factory.mktemp("other"), "second")
