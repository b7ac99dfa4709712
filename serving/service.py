"""The BentoML service: starts the HTTP face on the release folder that KIZUNA_RELEASES names.

BentoML's own access log (it would show paths with ids), metrics (labels without bound) and tracing (the largest single
cost of a request) are off; see docs/decisions/0001-http-layer.md.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import bentoml

from core import environment
from core.places import LEDGER_FILE, TASKS_FILE
from serving.http.activations import Activations
from serving.http.app import Api
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.release.release import Release
from serving.release.releases import Pointer, Releases
from serving.routes import all_endpoints
from serving.tasks.database import TaskDatabase

LEAN: dict[str, Any] = {
    "metrics": {"enabled": False},
    "logging": {"access": {"enabled": False}},
    "tracing": {"excluded_urls": ".*"},
    "traffic": {"timeout": 5},
}


def live_release(metrics: ServiceMetrics) -> LiveRelease:
    """The release that this worker answers from; not started yet."""
    folder = Path(os.environ.get(environment.RELEASES, "releases"))
    ledger = Path(os.environ.get(environment.LEDGER, folder.parent / LEDGER_FILE))
    activations = Activations(ledger, platform.node())

    def activated(release: Release, pointer: Pointer) -> None:
        metrics.activated()
        activations.record(release, pointer)

    return LiveRelease(Releases(folder), LiveReleaseHooks(activated, metrics.failed))


METRICS = ServiceMetrics()
LIVE = live_release(METRICS)
TASKS = TaskDatabase.at(os.environ.get(environment.DATABASE_URL), LIVE.folder.parent / TASKS_FILE)


@bentoml.asgi_app(Api(LIVE, METRICS, all_endpoints(), TASKS), path="/")
@bentoml.service(
    name="kizuna",
    workers=int(os.environ.get(environment.WORKERS, "1")),
    **LEAN,
)
class Kizuna:
    """Answers from the newest release, and picks up a newer one without a restart."""

    @bentoml.on_deployment
    @staticmethod
    def find_releases() -> None:
        """Before any worker starts: workers have another working directory, so the folder is named in full."""
        if environment.RELEASES not in os.environ:
            raise SystemExit(f"kizuna: set {environment.RELEASES} to a release folder, such as var/<data set>/releases")
        for name in (environment.RELEASES, environment.LEDGER):
            if name in os.environ:
                os.environ[name] = str(Path(os.environ[name]).resolve())

    def __init__(self) -> None:
        LIVE.start()

    def __is_ready__(self) -> bool:
        return LIVE.current is not None

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Look for releases no more."""
        LIVE.stop()
