"""Kinds of values: how the text of a setting becomes a finished value, and what people are told about it."""
