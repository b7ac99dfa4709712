"""MLflow registry, model packages and pyfunc flavours."""
