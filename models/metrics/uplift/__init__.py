"""Metrics of uplift models and of policies, from randomised data."""
