"""Builds answers from a release: recommendations, explanations, survival curves."""
