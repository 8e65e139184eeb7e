"""Values of the hot path: frozen to the type checker, cheap at run time."""

import attrs

from tidegate.domain.envelope import Recipient


def test_the_type_checker_refuses_an_assignment() -> None:
    """mypy takes an ignored error that is none for an error: this test fails in the type check if values were not frozen to it."""
    recipient = Recipient("info@example.com")
    recipient.address = "sales@example.com"  # type: ignore[misc]
    assert recipient != Recipient("info@example.com")


def test_values_are_equal_and_hashed_by_content() -> None:
    """As frozen ones are; and they take no other attributes."""
    assert Recipient("info@example.com") == Recipient("info@example.com")
    assert len({Recipient("info@example.com"), Recipient("info@example.com"), Recipient("sales@example.com")}) == 2
    assert attrs.evolve(Recipient("info@example.com"), local=True) == Recipient("info@example.com", True)
    assert not hasattr(Recipient("info@example.com"), "__dict__")
