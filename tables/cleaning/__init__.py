"""Reads raw columns as the contract's types and excludes rows that cannot be used."""
