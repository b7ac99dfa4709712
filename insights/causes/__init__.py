"""Churn causes: stated, attributed and predicted, with the revenue at risk."""
