"""A source's columns become the contract's: names, types, ids, time zone. All as expressions that any engine runs."""
