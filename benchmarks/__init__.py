"""Runnable comparisons: against public figures, and against ourselves."""
