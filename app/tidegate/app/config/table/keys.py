"""Every key, and the ways to find one."""

from tidegate.app.config.table.checks import CHECK_KEYS
from tidegate.app.config.table.dialogue import DIALOGUE_KEYS
from tidegate.app.config.table.elsewhere import ELSEWHERE
from tidegate.app.config.table.key import Group, Key
from tidegate.app.config.table.queues import QUEUE_KEYS
from tidegate.app.config.table.smtp import SMTP_KEYS
from tidegate.app.config.table.system import SYSTEM_KEYS

KEYS: tuple[Key, ...] = (*SMTP_KEYS, *DIALOGUE_KEYS, *CHECK_KEYS, *QUEUE_KEYS, *SYSTEM_KEYS)

GROUPS: tuple[Group, ...] = tuple(dict.fromkeys(key.group for key in KEYS))

BY_NAME: dict[str, Key] = {name: key for key in KEYS for name in (key.name, *key.aliases)}
"""Keys by their names and older names."""

IGNORED: frozenset[str] = frozenset(name for names in ELSEWHERE.values() for name in names)
"""Names of parts that are not ours."""
