"""The figures a company is run by, in one report."""
