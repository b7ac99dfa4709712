"""The sections of a data set's TOML: one file a matter."""
