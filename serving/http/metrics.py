"""What a worker counts, in plain integers, and the page /metrics, which adds up the workers of the service.

Labels have a fixed set of values, so that no client can grow them. A thread writes the numbers to a file once a second.
Where that fails, as on a full disk, it is counted and logged once, and requests go on.
"""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from serving.http.metric_files import Counts, MetricFiles

logger = logging.getLogger("kizuna.serving")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"Upper bounds of response times."
BOUNDS = [*map(str, SECONDS), "+Inf"]
CONTENT_TYPE = CONTENT_TYPE_LATEST
WRITE_SECONDS = 1.0
HEARTBEAT_SECONDS = 60.0
"A file is written this often even if nothing has changed."


class ServiceMetrics:
    """The numbers of one worker. Requests are counted by the event loop alone, releases by their thread alone."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._files: MetricFiles | None = None
        self._is_failing = False
        self._stopped = threading.Event()

    def count_request(self, method: str, *, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the template, never the path."""
        counts = self._counts
        name = f"{method if method in METHODS else 'other'} {route} {status}"
        counts.requests[name] = counts.requests.get(name, 0) + 1
        if (buckets := counts.seconds.get(route)) is None:
            buckets = counts.seconds[route] = [0] * len(BOUNDS)
        buckets[bisect_left(SECONDS, seconds)] += 1
        counts.total_seconds[route] = counts.total_seconds.get(route, 0.0) + seconds

    def count_activation(self) -> None:
        """Count a release that this worker has switched to."""
        self._counts.activations += 1

    def count_failure(self) -> None:
        """Count a look for a release, here or in shared storage, that failed."""
        self._counts.failures += 1

    def start(self, files: MetricFiles) -> None:
        """Share the numbers with the other workers, until `stop`."""
        self._files = files
        threading.Thread(target=self._write_regularly, args=(files,), name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Write a last time."""
        self._stopped.set()
        if self._files is not None:
            self._write(self._files)

    def text(self) -> bytes:
        """The numbers of all workers in the Prometheus text format. Reads files."""
        total = self._copy()
        for counts in () if self._files is None else self._files.read_others():
            total.add(counts)
        registry = CollectorRegistry()
        registry.register(_Page(total))
        return generate_latest(registry)

    def _copy(self) -> Counts:
        """The numbers of now; `dict.copy` and `list.copy` cannot be interrupted by the event loop."""
        counts = self._counts
        return msgspec.structs.replace(
            counts,
            requests=counts.requests.copy(),
            seconds={route: numbers.copy() for route, numbers in counts.seconds.copy().items()},
            total_seconds=counts.total_seconds.copy(),
        )

    def _write_regularly(self, files: MetricFiles) -> None:
        written, written_at = None, 0.0
        while not self._stopped.wait(WRITE_SECONDS):
            counts = self._copy()
            if counts != written or time.monotonic() - written_at >= HEARTBEAT_SECONDS:
                self._write(files)
                written, written_at = counts, time.monotonic()

    def _write(self, files: MetricFiles) -> None:
        try:
            files.write(self._copy())
            files.delete_stopped(now=files.own.stat().st_mtime)
            self._is_failing = False
        except OSError as error:
            self._counts.write_failures += 1
            if not self._is_failing:
                logger.error("metrics are those of one worker: %s cannot be written (%s)", files.folder, error.strerror)
            self._is_failing = True


class _Page:
    """Numbers as prometheus_client renders them."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        counts = self._counts
        requests = CounterMetricFamily("kizuna_requests", "Requests answered", labels=["method", "route", "status"])
        for name, number in sorted(counts.requests.items()):
            requests.add_metric(name.split(" "), number)
        yield requests
        seconds = HistogramMetricFamily("kizuna_request_seconds", "Response time", labels=["route"])
        for route, numbers in sorted(counts.seconds.items()):
            buckets = list(zip(BOUNDS, map(float, accumulate(numbers)), strict=True))
            seconds.add_metric([route], buckets, sum_value=counts.total_seconds.get(route, 0.0))
        yield seconds
        yield CounterMetricFamily("kizuna_release_activations", "Releases activated", value=counts.activations)
        yield CounterMetricFamily("kizuna_release_failures", "Looks for a release that failed", value=counts.failures)
        yield CounterMetricFamily(
            "kizuna_metrics_write_failures",
            "Times that a worker could not share its numbers",
            value=counts.write_failures,
        )
