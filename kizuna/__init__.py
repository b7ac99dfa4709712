"""The front door: the `kizuna` command line."""
