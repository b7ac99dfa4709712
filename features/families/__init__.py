"""One file per family of declared features."""
