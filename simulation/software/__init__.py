"""A synthetic software company with known churn causes."""
