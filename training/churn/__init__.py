"""Training of churn classifiers."""
