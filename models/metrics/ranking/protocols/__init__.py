"""Evaluation protocols: ways to split interactions into training data and held-out truth, one file per protocol."""
