"""Churn labels, one file per definition."""
