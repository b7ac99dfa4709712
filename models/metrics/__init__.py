"""Was it right: one file a family of figures."""
