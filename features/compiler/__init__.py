"""Feature declarations and their compilation to queries."""
