"""Subscription and purchase metrics: MRR, retention, lifetime value, survival."""
