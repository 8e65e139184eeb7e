"""Contract checks: what every implementation of a port has to keep, as plain functions that need no test runner.

Each check takes a maker that sets up one fresh implementation, and raises ``AssertionError`` where the contract is broken. The project
runs them on its fakes and on its real adapters; whoever writes an adapter of their own runs them on that.
"""
