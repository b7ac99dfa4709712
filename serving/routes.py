"""Every route of the API: one file each in serving/endpoints."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from serving import endpoints
from serving.http.schema import Endpoint


def all_endpoints() -> list[Endpoint]:
    """What stands in serving/endpoints, by path."""
    found = [import_module(f"serving.endpoints.{module.name}").ENDPOINT for module in iter_modules(endpoints.__path__)]
    return sorted(found, key=lambda endpoint: endpoint.path)
