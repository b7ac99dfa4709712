"""The figures of the business report."""
