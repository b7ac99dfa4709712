"""The routes of the API: one file each, found by the catalogue below."""

from __future__ import annotations

from core.catalogue import Catalogue
from serving.http.schema import Endpoint

ENDPOINTS: Catalogue[Endpoint] = Catalogue.of_folder("serving.endpoints", attribute="ENDPOINT")


def all_endpoints() -> list[Endpoint]:
    """All routes, sorted by path."""
    return sorted(ENDPOINTS.values(), key=lambda endpoint: endpoint.path)
