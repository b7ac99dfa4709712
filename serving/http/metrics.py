"""Prometheus metrics of the service. Labels have a fixed set of values, so that no client can grow them.

Workers write to one shared folder (PROMETHEUS_MULTIPROC_DIR, which BentoML sets), and any of them reports for all.
"""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class ServiceMetrics:
    """Counters and histograms of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "kizuna_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "kizuna_request_seconds", "Response time", ["route"], buckets=SECONDS, registry=self._registry
        )
        self._activations = Counter("kizuna_release_activations", "Releases activated", registry=self._registry)
        self._failures = Counter(
            "kizuna_release_failures", "Releases that could not be opened", registry=self._registry
        )

    def count_request(self, method: str, *, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template, never the path."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_activation(self) -> None:
        """Count a release that this worker has switched to."""
        self._activations.inc()

    def count_failure(self) -> None:
        """Count a release that could not be opened."""
        self._failures.inc()

    def text(self) -> bytes:
        """All metrics in the Prometheus text format; of all workers if they share a folder."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        all_workers = CollectorRegistry()
        MultiProcessCollector(all_workers)
        return generate_latest(all_workers)
