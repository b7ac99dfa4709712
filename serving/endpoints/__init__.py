"""HTTP endpoints, one file per route."""
