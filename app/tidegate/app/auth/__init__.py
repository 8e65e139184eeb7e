"""Logins: which back ends are asked, how often, and how fast."""
