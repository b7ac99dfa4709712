"""One file per kind of source that tables are read from."""
