"""Builds releases and exports. Needs features; not part of the bento."""
