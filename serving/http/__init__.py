"""The HTTP application (ASGI): routing, request parsing, error responses, metrics, OpenAPI."""
