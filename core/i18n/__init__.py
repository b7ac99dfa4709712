"""Texts in every language that Kizuna writes, and how each language writes numbers, dates and amounts."""
