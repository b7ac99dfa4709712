"""PUT /v1/stock: what has sold out and what has come back; every worker of this host knows at once."""

from __future__ import annotations

import logging
from typing import Annotated

import msgspec

from core.errors import BadInput, BrokenArtifact
from serving.endpoints.stock import StockAnswer, told
from serving.http.problems import Problem
from serving.http.schema import Endpoint, ItemId, Question, RequestContext
from serving.stock import Stock

logger = logging.getLogger("kizuna.serving")

Changed = Annotated[tuple[ItemId, ...], msgspec.Meta(max_length=10_000)]


class StockChange(Question, frozen=True):
    """Changes to the set of what is out of stock; what is not named stays as it was."""

    unavailable: Changed = ()
    "Sold out. Items that no release knows yet may be named; what stands in both lists counts as sold out."
    available: Changed = ()
    "Back again."


def respond(question: StockChange, shop: RequestContext) -> StockAnswer:
    """Write the change onto the disk; the answer is sent when it lies there."""
    return told(_changed(question, shop), shop)


def _changed(question: StockChange, shop: RequestContext) -> Stock:
    try:
        return shop.stock.file.change(question.unavailable, question.available)
    except BadInput as fault:
        raise Problem("invalid-request", str(fault), "$.unavailable") from fault
    except (OSError, BrokenArtifact) as fault:
        logger.error("the stock could not be changed: %s", fault)
        raise Problem("stock-out-of-reach", "nothing was changed; the service's log says why") from fault


ENDPOINT = Endpoint(
    "PUT",
    "/v1/stock",
    StockChange,
    StockAnswer,
    respond,
    "What has sold out or come back",
    waits=True,
    also=("stock-out-of-reach",),
)
