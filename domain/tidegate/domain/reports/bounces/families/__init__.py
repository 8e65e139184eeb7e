"""One table for each family of programs."""
