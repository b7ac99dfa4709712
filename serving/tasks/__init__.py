"""Tasks: kept in a database, delivered to a webhook."""
