"""``users://user1,mailerq,client*``: which accounts of the system may log in."""

from fnmatch import fnmatchcase

import attrs


@attrs.frozen
class AccountPatterns:
    """A list of names, and of patterns in which ``*`` stands for any characters, none included. Case matters.

    Attributes:
        patterns: of letters, digits and ``. _ - $ *``; so nothing else is special to the matcher.
    """

    patterns: tuple[str, ...]

    def admit(self, name: str, *, superuser: bool) -> bool:
        """Whether the whole name is on the list. An account with the rights of root must be there literally.

        Args:
            name: of the account.
            superuser: whether its user id is 0.
        """
        return name in self.patterns or (not superuser and any(fnmatchcase(name, pattern) for pattern in self.patterns))
