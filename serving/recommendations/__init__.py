"""Recommends items for one request to POST /v1/recommendations, and explains them."""
