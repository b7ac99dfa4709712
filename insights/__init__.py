"""Reports, churn causes and customer health."""
