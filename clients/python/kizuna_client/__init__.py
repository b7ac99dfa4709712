"""Typed client of a Kizuna service: `Client` waits for answers, `AsyncClient` has the same methods to await."""

from kizuna_client.async_client import AsyncClient
from kizuna_client.client import Client
from kizuna_client.errors import (
    KizunaError,
    NotFound,
    NotPermitted,
    Refused,
    ServiceFailure,
    TooManyRequests,
    Unavailable,
    Unreachable,
)
from kizuna_client.event_totals import EventTotals
from kizuna_client.settings import Retries

__all__ = [
    "AsyncClient",
    "Client",
    "EventTotals",
    "KizunaError",
    "NotFound",
    "NotPermitted",
    "Refused",
    "Retries",
    "ServiceFailure",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
]
