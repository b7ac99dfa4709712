"""Domain types, configuration, rules and errors shared by every package."""
