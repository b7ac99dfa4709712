"""The folder in which the workers of a service write down what they have counted.

    var/<data set>/worker_metrics/<service id>_<worker>.json

Each worker replaces its own file. A service adds up the files of its own id, those of workers that have ended as well,
so that no counter ever falls. The files of a service that was stopped are deleted when it has written none for an hour.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.files import replace_file

OWNER_ONLY = 0o700
SERVICE_STOPPED_SECONDS = 3600.0
"A running worker writes its file at least once a minute."


class Counts(msgspec.Struct):
    """What one worker has counted since it started, or several together."""

    requests: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    "By method, route and status, separated by blanks."
    seconds: dict[str, list[int]] = msgspec.field(default_factory=dict[str, list[int]])
    "Responses by route: the number in each bucket of `serving.http.metrics.SECONDS`, and of those that took longer."
    total_seconds: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    "Sum of response times by route."
    activations: int = 0
    failures: int = 0
    write_failures: int = 0

    def add(self, other: Counts) -> None:
        """Add what another worker has counted."""
        for name, number in other.requests.items():
            self.requests[name] = self.requests.get(name, 0) + number
        for route, numbers in other.seconds.items():
            own = self.seconds.get(route, [0] * len(numbers))
            self.seconds[route] = [one + another for one, another in zip(own, numbers, strict=True)]
        for route, seconds in other.total_seconds.items():
            self.total_seconds[route] = self.total_seconds.get(route, 0.0) + seconds
        self.activations += other.activations
        self.failures += other.failures
        self.write_failures += other.write_failures


@dataclass(frozen=True)
class MetricFiles:
    """The files of one service, from the side of one worker."""

    folder: Path
    service_id: str
    worker: str = field(default_factory=lambda: f"{os.getpid()}-{time.time_ns():x}")

    @property
    def own(self) -> Path:
        """The file of this worker."""
        return self.folder / f"{self.service_id}_{self.worker}.json"

    def write(self, counts: Counts) -> None:
        """Replace the file of this worker. Raises OSError."""
        self.folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        with replace_file(self.own) as temporary:
            temporary.write_bytes(msgspec.json.encode(counts))

    def read_others(self) -> Iterator[Counts]:
        """What the other workers of this service have written; files that cannot be read are passed over."""
        for path in self.folder.glob(f"{self.service_id}_*.json"):
            if path == self.own:
                continue
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Counts)
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                continue

    def delete_stopped(self, *, now: float) -> None:
        """Delete the files of services of which none has written for an hour. `now` is a time of the file system."""
        services: defaultdict[str, dict[Path, float]] = defaultdict(dict)
        for path in self.folder.glob("*_*.json"):
            services[path.name.partition("_")[0]][path] = path.stat().st_mtime
        services.pop(self.service_id, None)
        for written in services.values():
            if max(written.values()) < now - SERVICE_STOPPED_SECONDS:
                for path in written:
                    path.unlink(missing_ok=True)
