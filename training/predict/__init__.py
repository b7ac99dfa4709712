"""Models of events that the TOML declares under `[predict]`."""
