"""POST /v1/recommendations: what a customer, known or not, would like next, or a list that is everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from core.recommendations import STAGES, Stage
from models.recommenders.engine.contributions import Speaking
from serving.answers.explanations import Contribution, Explainer, Explanation
from serving.answers.item_lists import ItemList
from serving.answers.recommendation_request import RecommendationsQuestion
from serving.answers.recommendations import Result, found_for
from serving.http.problems import Problem
from serving.http.schema import Answer, Description, Endpoint, RequestContext, not_released, source_of
from serving.release.recommender_part import RecommenderPart

REFUSED = "the customer refused recommendations of their own: nothing on record of them was used"
UNKNOWN = "nothing is on record of this customer"
NOBODY = "no customer was named"
EVERYBODYS = "the list that was asked for is the same for everybody"

Explaining = Callable[[int, str, Speaking], Explanation]
"Why an item, of a stage, with what speaks for it, stands in the answer."


class RecommendedItem(msgspec.Struct, frozen=True):
    """One item, and where the idea came from."""

    rank: int
    item_id: str
    score: float
    "Comparable within this answer and stage only."
    stage: Stage
    contributions: list[Contribution]
    "The past purchases that speak most for it, the largest share first."
    explanation: Explanation
    in_stock: bool
    item: Description
    "What the items table says of it."


class RecommendationsAnswer(Answer, frozen=True, kw_only=True):
    """The best items, best first; with `diversity`, in the order in which they were chosen."""

    recommendation_id: str
    "Unique; name it when the customer reacts."
    customer_id: str | None
    known_customer: bool
    personalised: bool
    "Whether something on record of this customer was used."
    not_personalised_because: str
    "Empty where it was."
    items: list[RecommendedItem]
    shortfall: str
    "Why there are fewer than k; empty where there are not."


def respond(question: RecommendationsQuestion, shop: RequestContext) -> RecommendationsAnswer:
    """Read what was worked out beforehand, or ask the model where the request brings something new."""
    part = shop.release.recommender
    if part is None:
        raise not_released(shop.release, "recommender")
    _refuse_unknown(part, question)
    row = -1 if question.customer_id is None else part.customers.index.find(question.customer_id)
    lacking = shop.stock.lacking(part)
    now = datetime.now(ZoneInfo(shop.release.description.time_zone)).replace(tzinfo=None)
    shown = question.list_of(part)
    found = found_for(part, question.wish(row, shown), lacking, np.datetime64(now, "s"))
    why_not = _why_not(part, question, row, shown)
    return RecommendationsAnswer(
        **source_of(shop.release, "recommender"),
        recommendation_id=uuid4().hex,
        customer_id=question.customer_id,
        known_customer=row >= 0,
        personalised=not why_not,
        not_personalised_because=why_not,
        items=list(_items(part, found, _explaining(part, found, row, shown), question.contributions, lacking.mask)),
        shortfall=found.best.shortfalls[0],
    )


def _refuse_unknown(part: RecommenderPart, question: RecommendationsQuestion) -> None:
    known = part.items.names
    for field, named in (("where", question.where), ("preferences", question.preferences)):
        if any(name not in known for name in named):
            there = ", ".join(known) or "none; list some under [attributes] items in the TOML"
            raise Problem("invalid-request", f"there is no such attribute of items; there are: {there}", f"$.{field}")


def _why_not(part: RecommenderPart, question: RecommendationsQuestion, row: int, shown: ItemList | None) -> str:
    if question.customer_id is None:
        return NOBODY
    if shown is not None and question.repeat_policy == "allow":
        return EVERYBODYS
    if row >= 0 and part.customers.refused_recommending[row]:
        return REFUSED
    return "" if part.customers.has_record(row) else UNKNOWN


def _explaining(part: RecommenderPart, found: Result, row: int, shown: ItemList | None) -> Explaining:
    if shown is not None:
        return lambda item, *_: shown.explained(item)
    return Explainer.of_customer(part, row, found.words).of


def _items(
    part: RecommenderPart, found: Result, explaining: Explaining, n_contributions: int, gone: np.ndarray
) -> Iterator[RecommendedItem]:
    names, best = part.model.item_ids, found.best
    for place, speaking in enumerate(found.speaking):
        item, stage = int(best.items[0, place]), STAGES[best.stages[0, place]]
        yield RecommendedItem(
            place + 1,
            str(names[item]),
            float(best.scores[0, place]),
            stage,
            [Contribution(str(names[past]), share) for past, share in speaking[:n_contributions]],
            explaining(item, stage, speaking),
            not gone[item],
            part.items.descriptions[item],
        )


ENDPOINT = Endpoint(
    "POST",
    "/v1/recommendations",
    RecommendationsQuestion,
    RecommendationsAnswer,
    respond,
    "What they would like next",
    "recommender",
)
