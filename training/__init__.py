"""Training pipelines, tracked in MLflow."""
