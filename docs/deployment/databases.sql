-- PostgreSQL runs this once, when its folder is still empty: MLflow has a database of its own.
CREATE DATABASE mlflow OWNER kizuna;
