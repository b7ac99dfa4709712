"""What to offer, or to leave them alone: one file a policy."""
