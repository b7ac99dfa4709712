"""Discrete-time hazard models."""
