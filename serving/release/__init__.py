"""The release format, memory-mapped by the service."""
