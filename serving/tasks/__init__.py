"""Task store."""
