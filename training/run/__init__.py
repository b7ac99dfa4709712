"""What every training shares: session, MLflow tracking, cards, plots, registration."""
