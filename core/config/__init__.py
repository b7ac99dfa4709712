"""The TOML of a data set, one file per section."""
