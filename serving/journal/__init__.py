"""The event journal: what was reported since the last release, durable, and part of the next answer."""
