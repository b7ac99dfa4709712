"""Benchmarks: figures on public and simulated data, and what they cost. `make bench` runs them all."""
