"""Roles that a gateway needs played: each a ``typing.Protocol`` whose docstrings are the contract that adapters keep."""
