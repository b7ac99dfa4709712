"""Features, labels and segments computed from tables."""
