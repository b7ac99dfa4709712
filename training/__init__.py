"""What `kizuna train` does, from top to bottom."""
