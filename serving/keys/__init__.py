"""API keys: the store of them, and those that a worker accepts."""
