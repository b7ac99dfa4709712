"""Segments and customer tiers: which customers belong to them."""
