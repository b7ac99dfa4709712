"""The two candidates for the HTTP face, each mounted in a BentoML service with the same settings.

The question, the answer and the function between them are the service's own; only what carries them differs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import bentoml
from litestar import Litestar, post

from core.places import TASKS_FILE
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


@post("/v1/churn/score", status_code=200)
async def score(data: ChurnScoreRequest) -> ChurnScoreResponse:
    """The service's own answer, carried by Litestar."""
    assert LIVE.current is not None
    return churn_score.handle(data, RequestContext(LIVE.current, STOCK, TASKS))


class Ready:
    """What both services share."""

    def __init__(self) -> None:
        LIVE.start()

    def __is_ready__(self) -> bool:
        return LIVE.current is not None


@bentoml.asgi_app(Api(LIVE, [churn_score.ENDPOINT], metrics=METRICS), path="/")
@bentoml.service(name="starlette_face", **SERVICE_OPTIONS)
class StarletteFace(Ready):
    """Starlette's routes and requests, msgspec, and everything that the service does around them."""


LITESTAR = cast(Any, Litestar([score], logging_config=None, openapi_config=None))
"Its own types of ASGI are narrower than BentoML's."


@bentoml.asgi_app(LITESTAR, path="/")
@bentoml.service(name="litestar_face", **SERVICE_OPTIONS)
class LitestarFace(Ready):
    """Litestar with its defaults, but for its access log and its document."""
