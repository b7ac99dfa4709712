"""GET /v1/customers/{customer_id}: everything that is known about one customer, on one page."""

from __future__ import annotations

import logging

from core.access import Scope
from core.errors import SourceUnavailable
from core.health import HealthRecord
from core.model_kinds import CHURN
from core.tasks import Task, TaskState
from serving.endpoints import recommendations
from serving.endpoints.churn_score import UnknownCustomer, WithoutConsent, look_up_live_score
from serving.endpoints.recommendations import RecommendationsResponse, RecommendedItem
from serving.endpoints.tasks import task_store
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Count, CustomerId, Endpoint, Request, RequestContext, Response, provenance_of
from serving.recommendations.request import RecommendationsRequest
from serving.release.hazard_part import CustomerCurve
from serving.release.release import Release
from serving.release.scored_customer import ScoredCustomer
from serving.release.segment_part import NO_FACTS, KeyFigures, LoyaltyStanding
from serving.release.value_part import CustomerForecast
from serving.tasks.store import TaskFilter

logger = logging.getLogger("kizuna.serving")

MAX_TASKS = 20


class CustomerRequest(Request, frozen=True):
    """The customer, and the number of recommendations."""

    customer_id: CustomerId
    k: Count = 5


class CustomerResponse(Response, frozen=True, kw_only=True):
    """The customer's page. What the release does not contain is null, and `missing` says why."""

    customer_id: str
    is_customer: bool
    "Whether they were a customer at the cutoff; earlier purchases may be on record all the same."
    figures: KeyFigures
    attributes: dict[str, str | float]
    customer_tier: str | None
    segments: list[str]
    loyalty: LoyaltyStanding | None
    "Points and rank; null where the data set has neither, and for those who are no customer."
    health: float | None
    "Current health, 0 (about to churn) to 100 (safe); null without a churn score."
    health_record: HealthRecord | None
    "Health with its dimensions, changes and reasons, as of the last `kizuna health`; null without one."
    churn: ScoredCustomer | UnknownCustomer | WithoutConsent | None
    curve: CustomerCurve | None
    "The survival curve."
    value: CustomerForecast | None
    "What they are expected to bring in within `[value] horizon_days`; null without a forecast."
    predictions: dict[str, float]
    "The probability of each event under [predict] for which the customer has a score."
    tasks: list[Task] | None
    "Open tasks, newest first; null while the task database does not respond."
    recommendations: list[RecommendedItem]
    "As in POST /v1/recommendations."
    not_personalised_because: str
    "Why the recommendations are not personal; empty if they are."
    refused: list[str]
    "Purposes without consent: score, recommend, contact."
    missing: dict[str, str]
    "What the release does not contain, and why."


def handle(request: CustomerRequest, context: RequestContext) -> CustomerResponse:
    """Look up the customer in every part of the release."""
    release, customer_id = context.release, request.customer_id
    segments = release.segments
    row = -1 if segments is None else segments.index.find(customer_id)
    if row < 0 and not _is_on_record(release, customer_id):
        raise Problem(ProblemType.UNKNOWN_CUSTOMER, "no table contains this customer_id")
    churn = None if release.churn is None else look_up_live_score(context, release.churn, customer_id=customer_id)
    is_scored = not isinstance(churn, WithoutConsent)
    facts = NO_FACTS if segments is None else segments.facts_of(row)
    recommended = _recommend(request, context)
    return CustomerResponse(
        **provenance_of(release, CHURN.name),
        customer_id=customer_id,
        is_customer=row >= 0,
        figures=facts.figures,
        attributes=facts.attributes,
        customer_tier=None if segments is None else segments.customer_tier_of(row),
        segments=[] if segments is None else segments.segments_of(row),
        loyalty=facts.loyalty,
        health=segments.health_of(row) if segments is not None and isinstance(churn, ScoredCustomer) else None,
        health_record=None if release.health is None else release.health.health_of(customer_id),
        churn=churn,
        curve=release.hazard.curve_of(customer_id) if release.hazard is not None and is_scored else None,
        value=_forecast(release, customer_id),
        predictions=release.predict.probabilities_of(customer_id) if release.predict is not None and is_scored else {},
        tasks=_open_tasks(context, customer_id),
        recommendations=[] if recommended is None else recommended.items,
        not_personalised_because="" if recommended is None else recommended.not_personalised_because,
        refused=[] if segments is None else segments.opt_outs_of(customer_id),
        missing=release.description.missing,
    )


def _is_on_record(release: Release, customer_id: str) -> bool:
    """Whether any part of the release contains the customer, with or without consent."""
    churn, recommender = release.churn, release.recommender
    in_churn = churn is not None and (churn.index.find(customer_id) >= 0 or churn.has_opted_out(customer_id))
    in_recommender = recommender is not None and recommender.customers.index.find(customer_id) >= 0
    return in_churn or in_recommender or bool(release.segments and release.segments.opt_outs_of(customer_id))


def _forecast(release: Release, customer_id: str) -> CustomerForecast | None:
    part = release.value
    row = -1 if part is None else part.index.find(customer_id)
    if part is None or row < 0:
        return None
    return part.forecast_of(row, horizon_days=part.horizon_days, cutoff=release.description.cutoff)


def _recommend(request: CustomerRequest, context: RequestContext) -> RecommendationsResponse | None:
    if context.release.recommender is None:
        return None
    return recommendations.handle(RecommendationsRequest(customer_id=request.customer_id, k=request.k), context)


def _open_tasks(context: RequestContext, customer_id: str) -> list[Task] | None:
    """The open tasks; None if the database does not respond, so that the rest of the page is still shown."""
    try:
        return task_store(context).find(TaskFilter(state=TaskState.OPEN, customer_id=customer_id), MAX_TASKS).tasks
    except SourceUnavailable as error:
        logger.error("%s", error)
        return None


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/customers/{customer_id:id}",
    request=CustomerRequest,
    response=CustomerResponse,
    handle=handle,
    summary="Everything known about one customer",
    scope=Scope.SCORE,
    blocking=True,
    problems=(ProblemType.UNKNOWN_CUSTOMER,),
)
