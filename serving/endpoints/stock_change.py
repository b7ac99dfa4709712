"""PUT /v1/stock: marks items as sold out or available again; all workers of this host see it at once."""

from __future__ import annotations

import logging
from typing import Annotated

import msgspec

from core.access import Scope
from core.errors import BadInput, BrokenArtifact
from core.ledger import STOCK_CHANGED
from serving.endpoints.stock import StockResponse, stock_response
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, ItemId, Request, RequestContext
from serving.stock import StockChange

logger = logging.getLogger("kizuna.serving")

ItemIds = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=10_000)]


class StockChangeRequest(Request, frozen=True):
    """Changes to the set of items out of stock; items in neither list stay as they are."""

    unavailable: ItemIds = ()
    "Sold out. The release need not know the items; an item in both lists counts as sold out."
    available: ItemIds = ()
    "Available again."


def handle(request: StockChangeRequest, context: RequestContext) -> StockResponse:
    """Write the change to the disk, then respond."""

    def record(change: StockChange) -> None:
        if change.items:
            write(STOCK_CHANGED, {"items": change.items})

    try:
        with context.audit.follow_up(context.admission) as write:
            change = context.stock.file.change(request.unavailable, request.available, before_write=record)
    except BadInput as error:
        raise Problem(ProblemType.INVALID_REQUEST, str(error), field="$.unavailable") from error
    except (OSError, BrokenArtifact) as error:
        logger.error("the stock could not be changed: %s", error)
        raise Problem(ProblemType.STOCK_UNAVAILABLE, "nothing was changed; see the log of the service") from error
    return stock_response(change.after, context)


ENDPOINT = Endpoint(
    method="PUT",
    path="/v1/stock",
    request=StockChangeRequest,
    response=StockResponse,
    handle=handle,
    summary="Mark items as sold out or available",
    scope=Scope.INGEST,
    blocking=True,
    problems=(ProblemType.STOCK_UNAVAILABLE,),
)
