"""Training on data without dates."""
