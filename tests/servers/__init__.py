"""Real servers that integration tests and benchmarks start for themselves, on free ports of the loopback interface."""
