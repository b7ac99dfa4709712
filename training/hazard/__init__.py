"""Training of hazard models."""
