"""The composed gateway: configuration, the reception use case, wiring and the command line."""
