"""Offer policies, one file per policy."""
