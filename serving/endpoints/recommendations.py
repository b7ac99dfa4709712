"""POST /v1/recommendations: items for a customer, known or not, or a list that is the same for all customers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.access import Scope
from core.model_kinds import RECOMMENDER
from core.recommendations import STAGES, Stage
from core.recommender_experiment import MODEL_OF_ARM, Arm, ending_of
from serving.http.problems import Problem, ProblemType
from serving.http.schema import (
    Endpoint,
    ItemDescription,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.recommendations.choosing import find_arm, find_released
from serving.recommendations.explanations import Contribution, Explainer, Explanation
from serving.recommendations.recipient import Recipient, find_recipient
from serving.recommendations.recommend import Result, recommend
from serving.recommendations.request import RecommendationsRequest
from serving.release.recommender_part import RecommenderPart

OPTED_OUT = "the customer opted out of personal recommendations: nothing on record was used"
UNKNOWN_CUSTOMER = "nothing is on record about this customer"
NO_CUSTOMER = "the request names no customer"
SAME_FOR_ALL = "the requested list is the same for all customers"


class RecommendedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One recommended item."""

    rank: int
    item_id: str
    score: float
    "Comparable within this response and stage only."
    stage: Stage
    "Where in the fallback chain the item came from."
    contributions: list[Contribution]
    "The past purchases, and items looked at since the release, that contribute most, largest share first."
    explanation: Explanation
    in_stock: bool
    item: ItemDescription
    "The item's columns in the items table."


class RecommendationsResponse(Response, frozen=True, kw_only=True):
    """The best items first; with `diversity`, in the order in which they were selected."""

    recommendation_id: str
    "Unique; refer to it when the customer reacts. In an experiment it ends with its name and the arm that answered."
    customer_id: str | None
    known_customer: bool
    personalised: bool
    "Whether something on record about this customer was used."
    not_personalised_because: str
    "Empty if it was."
    items: list[RecommendedItem]
    shortfall: str
    "Why there are fewer than k; empty otherwise."


def needs_scoring(request: RecommendationsRequest, context: RequestContext) -> bool:
    """Whether the model has to score all items; the lists of other requests are precomputed."""
    part = find_released(context, find_arm(request, context))
    if part is None or request.customer_id is None or not request.is_plain:
        return part is not None
    if not context.live_items.has_lists(part, context.journal.items):
        return True
    is_on_record = part.customers.index.find(request.customer_id) >= 0
    return not is_on_record or context.journal.customer(request.customer_id) is not None


def handle(request: RecommendationsRequest, context: RequestContext) -> RecommendationsResponse:
    """Recommend items, and explain them."""
    if contradiction := request.find_contradiction():
        raise Problem(ProblemType.CONTRADICTORY_FIELDS, contradiction)
    arm = find_arm(request, context)
    part = context.live_items.change(find_released(context, arm), context.journal.items)
    if part is None:
        raise not_released(context.release, RECOMMENDER.name)
    _check_attributes(part, request)
    who = find_recipient(part, request.customer_id, journal=context.journal)
    out_of_stock = context.stock.out_of_stock(part)
    time_zone = context.release.description.time_zone
    now = datetime.now(ZoneInfo(time_zone)).replace(tzinfo=None)
    result = recommend(
        part,
        request,
        row=who.row,
        out_of_stock=out_of_stock,
        now=np.datetime64(now, "s"),
        live=who.live,
        time_zone=time_zone,
    )
    not_personalised = _why_not_personalised(part, request, who=who)
    return RecommendationsResponse(
        **provenance_of(context.release, MODEL_OF_ARM[part.arm]),
        recommendation_id=_new_id(context, arm),
        customer_id=request.customer_id,
        known_customer=who.is_on_record,
        personalised=not not_personalised,
        not_personalised_because=not_personalised,
        items=list(_items(part, request, result=result, row=who.row, is_gone=out_of_stock.mask)),
        shortfall=result.best.shortfalls[0],
    )


def _new_id(context: RequestContext, arm: Arm | None) -> str:
    experiment = context.release.experiment
    return uuid4().hex + ("" if arm is None or experiment is None else ending_of(experiment.name, arm))


def _check_attributes(part: RecommenderPart, request: RecommendationsRequest) -> None:
    names = part.items.names
    for field, attributes in (("where", request.where), ("preferences", request.preferences)):
        if any(name not in names for name in attributes):
            existing = ", ".join(names) or "none; list some under [attributes] items in the TOML"
            detail = f"there is no such attribute of items; there are: {existing}"
            raise Problem(ProblemType.UNKNOWN_ATTRIBUTE, detail, field=f"$.{field}")


def _why_not_personalised(part: RecommenderPart, request: RecommendationsRequest, *, who: Recipient) -> str:
    if request.customer_id is None:
        return NO_CUSTOMER
    if request.is_list and request.repeat_policy in (None, "allow"):
        return SAME_FOR_ALL
    if who.declines:
        return OPTED_OUT
    return "" if who.live is not None or part.customers.has_record(who.row) else UNKNOWN_CUSTOMER


def _items(
    part: RecommenderPart,
    request: RecommendationsRequest,
    *,
    result: Result,
    row: int,
    is_gone: NDArray[np.bool_],
) -> Iterator[RecommendedItem]:
    item_ids, best, item_list = part.model.item_ids, result.best, result.item_list
    explainer = Explainer.of_customer(part, row, profile=result.profile, looked_at=result.looked_at)
    for place, contributions in enumerate(result.contributions):
        code, stage = int(best.items[0, place]), STAGES[best.stages[0, place]]
        if item_list is None:
            explanation = explainer.explain(code, stage, contributions=contributions)
        else:
            explanation = item_list.explain(code)
        yield RecommendedItem(
            rank=place + 1,
            item_id=str(item_ids[code]),
            score=float(best.scores[0, place]),
            stage=stage,
            contributions=[
                Contribution(str(item_ids[past]), share) for past, share in contributions[: request.contributions]
            ],
            explanation=explanation,
            in_stock=not is_gone[code],
            item=part.items.descriptions[code],
        )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/recommendations",
    request=RecommendationsRequest,
    response=RecommendationsResponse,
    handle=handle,
    summary="Items to recommend to a customer",
    scope=Scope.RECOMMEND,
    is_heavy=needs_scoring,
    open_to_browsers=True,
    problems=(ProblemType.CONTRADICTORY_FIELDS, ProblemType.UNKNOWN_ATTRIBUTE),
)
