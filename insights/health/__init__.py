"""Customer health scores, bands and drops."""
