"""What happened after the cutoff: one file a definition of churn."""
