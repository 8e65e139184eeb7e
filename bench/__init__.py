"""Benchmarks of the gateway, always as ratios to a peer measured in the same run."""
