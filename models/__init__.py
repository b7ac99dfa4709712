"""Fit, answer, judge: code that never meets a raw table."""
