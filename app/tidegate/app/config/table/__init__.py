"""The table of every key: one line per key holds all that the program and the documentation know about it."""
