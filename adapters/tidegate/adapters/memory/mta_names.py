"""Names of MTAs per address, as a value in memory."""

from collections.abc import Mapping

import attrs


@attrs.define
class MemoryMtaNames:
    """Implements :class:`tidegate.ports.mta_names.MtaNames`; whoever holds it replaces ``names`` to change the list."""

    names: Mapping[str, str] = attrs.field(factory=dict)

    def name_of(self, local_ip: str) -> str | None:
        """See the port."""
        return self.names.get(local_ip)
