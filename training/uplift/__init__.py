"""Training of uplift models."""
