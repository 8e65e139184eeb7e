"""``tidegate local``, ``tidegate mta`` and ``tidegate suspect``: the lists that an operator changes while the server runs."""
