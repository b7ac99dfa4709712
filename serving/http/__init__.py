"""The ASGI application: routing, request parsing, problem details, metrics."""
