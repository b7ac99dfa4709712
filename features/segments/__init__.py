"""Segments and customer tiers."""
