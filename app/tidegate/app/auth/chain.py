"""Several back ends in order."""

from collections.abc import Sequence

import attrs

from tidegate.ports.authenticator import Authenticator, AuthVerdict, Credentials


@attrs.frozen
class BackEnd:
    """One back end.

    Attributes:
        name: for logs and people: the line of the configuration without its secrets.
        authenticator: asks it.
    """

    name: str
    authenticator: Authenticator


@attrs.define
class AuthenticatorChain:
    """Plays :class:`tidegate.ports.authenticator.Authenticator`: the first back end that accepts decides.

    One that is broken makes the answer UNAVAILABLE: the next one would refuse its users for good, and mail programs would ask them for
    new passwords.

    Attributes:
        back_ends: in order.
    """

    back_ends: Sequence[BackEnd]

    async def authenticate(self, credentials: Credentials) -> AuthVerdict:
        """See the port."""
        for back_end in self.back_ends:
            verdict = await back_end.authenticator.authenticate(credentials)
            if verdict is not AuthVerdict.REFUSED:
                return verdict
        return AuthVerdict.REFUSED

    async def close(self) -> None:
        """Close them all."""
        for back_end in self.back_ends:
            await back_end.authenticator.close()
