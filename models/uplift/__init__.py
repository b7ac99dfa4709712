"""Uplift models: what a contact changes for each customer."""
