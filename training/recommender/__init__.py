"""Training and tuning of recommenders."""
