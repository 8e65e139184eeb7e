"""Imports what libraries import only when they are used.

In the parent, before it gives up its rights and forks: the account of the workers may not be able to read a library, workers share the pages of
what is loaded, and an update of a library on disk does not reach a server that runs, half of it old and half new.
"""

import gc
from contextlib import suppress
from importlib import import_module

from tidegate.app.config.back_ends import HttpEndpoint, LdapServer, RadiusServer
from tidegate.app.config.settings import Settings
from tidegate.app.config.values import Check

_ALWAYS = ("uvloop", "alembic.command", "alembic.config", "encodings.idna")
_BY_DATABASE = {
    "sqlite": ("aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite"),
    "postgresql": ("asyncpg", "sqlalchemy.dialects.postgresql.asyncpg"),
}
_BY_BACK_END: dict[type, tuple[str, ...]] = {
    HttpEndpoint: ("httpcore2",),
    LdapServer: ("ldap3",),
    RadiusServer: ("pyrad.client_async", "pyrad.dictionary"),
}
_BY_CHECK = {
    Check.DKIM: ("tidegate.adapters.dkim",),
    Check.DMARC: ("tidegate.adapters.dkim", "tidegate.adapters.public_suffix"),
    Check.SPAM: ("httpcore2",),
}


def preload(settings: Settings) -> None:
    """Import what this configuration needs. What is not installed is reported by whoever needs it."""
    wanted = [*_ALWAYS, *_BY_DATABASE.get(settings.database.address.reveal().partition(":")[0], ())]
    for back_end in settings.smtp.auth:
        wanted += _BY_BACK_END.get(type(back_end), ())
    for check in settings.smtp.check:
        wanted += _BY_CHECK.get(check, ())
    for name in wanted:
        with suppress(ImportError):
            import_module(name)
    _share()


def _share() -> None:
    """Put what is there out of the collector's reach: it writes to every object that it looks at, and a worker gets a copy of its own of each
    page that it or its parent writes to. What has become garbage since the last time is collected first."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
