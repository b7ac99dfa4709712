"""Text classification: churn cause and sentiment of customer texts."""
