"""Decides which contact every customer gets, from a release, and writes the contacts for the tools that make them."""
