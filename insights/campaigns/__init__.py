"""Campaigns: how many customers they need, what they changed, and when to stop them."""
