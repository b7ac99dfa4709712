"""A software company whose truth is known, one part of its world a file."""
