"""Task store and webhook delivery."""
