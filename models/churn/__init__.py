"""Who will leave: one file a model."""
