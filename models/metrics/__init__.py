"""Evaluation metrics, one file per family."""
