"""POST /v1/value: what customers are expected to buy and bring in within any horizon, and when they order next."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.access import Scope
from core.customer_value import LONGEST_FORECAST_DAYS
from core.model_kinds import VALUE
from serving.endpoints.churn_score import UnknownCustomer, WithoutConsent
from serving.http.problems import Problem, ProblemType
from serving.http.schema import CustomerId, Endpoint, Request, RequestContext, Response, provenance_of
from serving.release.release import Release
from serving.release.value_part import CustomerForecast, ValuePart


class ValueRequest(Request, frozen=True):
    """The customers, and how far ahead to look."""

    customer_ids: Annotated[list[CustomerId], msgspec.Meta(min_length=1, max_length=1000)]
    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_FORECAST_DAYS)] | None = None
    "Default: `[value] horizon_days` of the configuration."


class ValuedCustomer(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="scored"):
    """One customer's forecast."""

    customer_id: str
    forecast: CustomerForecast


CustomerValue = ValuedCustomer | UnknownCustomer | WithoutConsent


class ValueResponse(Response, frozen=True, kw_only=True):
    """The forecasts, in the order of the request."""

    horizon_days: int
    "The forecasts are for this many days after the cutoff."
    currency: str
    "Of all amounts."
    definition: str
    "Which revenue is predicted, in words."
    customers: list[CustomerValue]


def handle(request: ValueRequest, context: RequestContext) -> ValueResponse:
    """Look up every customer."""
    release, part = context.release, context.release.value
    if part is None:
        reason = release.description.missing.get(VALUE.name, f"no champion; run `{VALUE.train_command} --promote`")
        raise Problem(
            ProblemType.MODEL_NOT_RELEASED, f"release {release.description.release_id} has no {VALUE.name}: {reason}"
        )
    horizon_days = request.horizon_days or part.horizon_days
    return ValueResponse(
        **provenance_of(release, VALUE.name),
        horizon_days=horizon_days,
        currency=release.description.currency,
        definition=part.definition,
        customers=[
            look_up_value(release, part, customer_id=customer_id, horizon_days=horizon_days)
            for customer_id in request.customer_ids
        ],
    )


def look_up_value(release: Release, part: ValuePart, *, customer_id: str, horizon_days: int) -> CustomerValue:
    """The forecast of one customer in a release."""
    row = part.index.find(customer_id)
    if row < 0:
        return WithoutConsent(customer_id) if part.has_opted_out(customer_id) else UnknownCustomer(customer_id)
    forecast = part.forecast_of(row, horizon_days=horizon_days, cutoff=release.description.cutoff)
    return ValuedCustomer(customer_id=customer_id, forecast=forecast)


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/value",
    request=ValueRequest,
    response=ValueResponse,
    handle=handle,
    summary="Expected orders, revenue and value, and the next order",
    scope=Scope.SCORE,
)
