"""One file a command; nothing here computes."""
