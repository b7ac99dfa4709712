"""Recommenders, one file per model."""
