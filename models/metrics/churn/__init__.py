"""Families of metrics of churn models, found by file; see `models/metrics/classification.py`."""
