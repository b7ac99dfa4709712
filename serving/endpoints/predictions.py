"""POST /v1/predictions/{event}: how likely an event is for each customer, with reasons."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.access import Scope
from core.model_kinds import PREDICT
from serving.endpoints.churn_score import UnknownCustomer, WithoutConsent
from serving.http.problems import Problem, ProblemType
from serving.http.schema import CustomerId, Endpoint, Request, RequestContext, Response, not_released, provenance_of
from serving.release.predict_part import EventScores, PredictPart
from serving.release.scored_customer import Reasons

EventName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="An event under [predict].", examples=["buys_tea"])
]


class PredictedCustomers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customers that the event is predicted for."""

    customer_ids: Annotated[list[CustomerId], msgspec.Meta(min_length=1, max_length=1000)]


class PredictionsRequest(Request, frozen=True):
    """The event, and the customers."""

    event: EventName
    customers: PredictedCustomers


class PredictedCustomer(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="scored"):
    """How likely the event is for one customer."""

    customer_id: str
    probability: float
    low: float | None
    "Lower bound of the 90 % interval; null if the model gives none."
    high: float | None
    "Upper bound of the 90 % interval."
    reasons: Reasons


CustomerPrediction = PredictedCustomer | UnknownCustomer | WithoutConsent


class PredictionsResponse(Response, frozen=True, kw_only=True):
    """The predictions, in the order of the request."""

    event: str
    definition: str
    "The event in words."
    horizon_days: int
    "The probabilities are those of the event within this many days after the cutoff."
    predictions: list[CustomerPrediction]


def handle(request: PredictionsRequest, context: RequestContext) -> PredictionsResponse:
    """Look up every customer."""
    release, predict = context.release, context.release.predict
    kind = f"{PREDICT.name}.{request.event}"
    if kind in release.description.missing:
        raise not_released(release, kind)
    if predict is None or request.event not in predict.events:
        names = ", ".join(predict.events if predict else ()) or "none"
        raise Problem(ProblemType.UNKNOWN_EVENT, f"events of this release: {names}")
    scores = predict.events[request.event]
    return PredictionsResponse(
        **provenance_of(release, kind),
        event=request.event,
        definition=scores.definition,
        horizon_days=scores.horizon_days,
        predictions=[
            look_up_prediction(predict, scores, customer_id=customer_id)
            for customer_id in request.customers.customer_ids
        ],
    )


def look_up_prediction(predict: PredictPart, scores: EventScores, *, customer_id: str) -> CustomerPrediction:
    """The prediction for one customer in a release."""
    row = scores.index.find(customer_id)
    if row < 0:
        return WithoutConsent(customer_id) if predict.has_opted_out(customer_id) else UnknownCustomer(customer_id)
    low, high = scores.interval_of(row)
    return PredictedCustomer(
        customer_id=customer_id,
        probability=float(scores.probability[row]),
        low=low,
        high=high,
        reasons=scores.reasons[row],
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/predictions/{event:id}",
    request=PredictionsRequest,
    response=PredictionsResponse,
    handle=handle,
    summary="How likely an event is for each customer, with reasons",
    scope=Scope.SCORE,
    body_field="customers",
    problems=(ProblemType.UNKNOWN_EVENT,),
)
