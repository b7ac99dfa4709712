"""Recommendations for new customers and new items."""
