"""``@value_object``: a frozen attrs class for values that are made for every command or message.

To type checkers it is ``attrs.frozen``: whoever assigns to an attribute is told so. At run time nothing stops him, because that guard is paid
for whenever a value is made: 60 ns an attribute (Python 3.11), and a message is fifty attributes. Keep-alive mail costs 8 % less CPU without
it. Values that are made once, such as limits and settings, are ``attrs.frozen``.
"""

from functools import partial
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from attrs import frozen as value_object
else:
    value_object = partial(attrs.define, unsafe_hash=True)

__all__ = ["value_object"]
