"""Role: tell whether a user name and password belong together."""

from typing import Protocol

from tidegate.domain.credentials import AuthVerdict as AuthVerdict
from tidegate.domain.credentials import Credentials as Credentials


class Authenticator(Protocol):
    """One authentication back end."""

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """Judge the credentials.

        Every outcome is a value; never raises, but for cancellation. Ends within the adapter's own deadline. Refused and unknown users take
        about the same time.
        """

    async def close(self) -> None:
        """Release what the back end holds: connections, threads, processes. May be called twice; later calls of :meth:`authenticate` are
        answered UNAVAILABLE or judged, never with an exception."""
