"""The two candidates for the HTTP layer, each mounted in a BentoML service with the same settings.

The request, the response and the handler are the service's own; only the HTTP framework differs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import bentoml
from litestar import Litestar, post

from core.environment import DECISIONS_FILE, TASKS_FILE
from serving.decisions.database import DecisionDatabase
from serving.endpoints import churn_score
from serving.endpoints.churn_score import ChurnScoreRequest, ChurnScoreResponse
from serving.http.app import Api
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.http.schema import RequestContext
from serving.release.releases import Releases
from serving.service import SERVICE_OPTIONS
from serving.stock import LiveStock, StockFile
from serving.tasks.database import TaskDatabase

METRICS = ServiceMetrics()
LIVE = LiveRelease(
    Releases(Path(os.environ.get("KIZUNA_RELEASES", "releases"))),
    LiveReleaseHooks(lambda release, pointer: None, METRICS.count_failure),
)
STOCK = LiveStock(StockFile(LIVE.folder))
TASKS = TaskDatabase.at(None, LIVE.folder.parent / TASKS_FILE)
DECISIONS = DecisionDatabase.at(None, LIVE.folder.parent / DECISIONS_FILE)


@post("/v1/churn/score", status_code=200)
async def score(data: ChurnScoreRequest) -> ChurnScoreResponse:
    """The service's own handler, called by Litestar."""
    assert LIVE.current is not None
    return churn_score.handle(data, RequestContext(LIVE.current, STOCK, TASKS, DECISIONS))


class Ready:
    """Loads the release; common to both services."""

    def __init__(self) -> None:
        LIVE.start()

    def __is_ready__(self) -> bool:
        return LIVE.current is not None


@bentoml.asgi_app(Api(LIVE, [churn_score.ENDPOINT], metrics=METRICS), path="/")
@bentoml.service(name="starlette_face", **SERVICE_OPTIONS)
class StarletteService(Ready):
    """Starlette and msgspec, with everything that the service adds around them."""


LITESTAR = cast(Any, Litestar([score], logging_config=None, openapi_config=None))
"Litestar's ASGI types are narrower than BentoML's."


@bentoml.asgi_app(LITESTAR, path="/")
@bentoml.service(name="litestar_face", **SERVICE_OPTIONS)
class LitestarService(Ready):
    """Litestar with its defaults, without its access log and OpenAPI document."""
