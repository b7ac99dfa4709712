"""Churn classifiers, one file per model."""
