"""Contents of the health-check letter for one customer."""
