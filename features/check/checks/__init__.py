"""The checks of `kizuna check`, one per file; see features/check/finding.py."""
