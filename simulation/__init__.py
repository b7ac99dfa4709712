"""Synthetic companies with known truth."""
