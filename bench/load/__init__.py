"""The load: ``smtp-source`` where it can do it, a raw-socket client where it cannot (TLS, latency, idle connections, the proof)."""
