"""Data checks for `kizuna check`."""
