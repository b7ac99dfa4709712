"""Releases and the HTTP service."""
