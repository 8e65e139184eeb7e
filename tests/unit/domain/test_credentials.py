"""What of a client's words may be shown to a back end."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.credentials import Credentials, Unfit, credentials


@given(st.binary(max_size=400), st.binary(max_size=1_100))
def test_total(username: bytes, password: bytes) -> None:
    """AU11, AU12, AB29: whatever is sent, what comes out keeps the promises of Credentials."""
    presented = credentials(username, password)
    if isinstance(presented, Unfit):
        return
    assert isinstance(presented, Credentials)
    assert 1 <= len(presented.username) <= 255
    assert 1 <= len(presented.password.encode()) <= 1_024
    for text in (presented.username, presented.password):
        assert not any(ord(character) < 32 or ord(character) == 127 for character in text)
    assert presented.password.encode() == password
