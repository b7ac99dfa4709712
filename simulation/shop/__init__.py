"""A synthetic shop with known churn, tastes and offers."""
