"""Pure decisions of an inbound mail gateway.

Values in, values out: nothing in this package performs I/O, reads a clock or draws a random number. Only the standard library's value modules
and attrs are imported.
"""
