"""The table contract and everything that reads a company's raw tables."""
