"""Implementations that hold their data in memory: for tests of those who embed the gateway, and for its own. Nothing here is durable."""
