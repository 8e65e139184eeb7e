"""Role: decide on one login attempt. This is the port by which transports drive authentication, as they drive reception."""

from typing import Protocol

from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.domain.smtp.reply import Reply


class Login(Protocol):
    """Judges login attempts: back ends, and what has been tried before."""

    async def attempt(self, credentials: Credentials) -> AuthVerdict | Reply:
        """Judge one attempt.

        Never raises, but for cancellation; ends within deadlines of its own. May take its time on purpose, so that guessing is slow.

        Returns:
            The verdict, or a 421 that ends the session in place of one.
        """
