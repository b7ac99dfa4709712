"""What they would like next: one file a model."""
