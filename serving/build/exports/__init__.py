"""Exports of a release for other systems: one file per export, found by the catalogue in `files`."""
