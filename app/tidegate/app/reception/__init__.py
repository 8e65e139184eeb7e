"""The use case: a complete message becomes durable documents. Knows ports only."""
