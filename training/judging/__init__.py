"""Cutoff folds, model selection, leak detection and the promotion gate."""
