"""Train models of customer lifetime value."""
