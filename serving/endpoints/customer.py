"""GET /v1/customers/{customer_id}: everything known of one customer, as the person who calls them needs it."""

from __future__ import annotations

import logging

from core.errors import SourceUnavailable
from core.health import HealthRecord
from core.tasks import Task, TaskState
from serving.answers.survival_curves import CustomerCurve, curve_answer
from serving.endpoints.churn_score import ScoredCustomer, UnknownCustomer, WithoutConsent, score_of
from serving.endpoints.recommendations import RecommendationsQuestion, RecommendedItem
from serving.endpoints.recommendations import respond as recommend
from serving.endpoints.tasks import store_of
from serving.http.problems import Problem
from serving.http.schema import Answer, Count, CustomerId, Endpoint, Question, RequestContext, source_of
from serving.release.release import Release
from serving.release.segment_part import NO_FACTS, KeyFigures
from serving.tasks.store import TaskFilter

logger = logging.getLogger("kizuna.serving")

MOST_TASKS = 20


class CustomerQuestion(Question, frozen=True):
    """Who, and how many recommendations."""

    customer_id: CustomerId
    k: Count = 5


class CustomerAnswer(Answer, frozen=True, kw_only=True):
    """The whole picture; what a release lacks is null, and `missing` says why."""

    customer_id: str
    is_customer: bool
    "Whether they were one at the cutoff; what they bought before may still be known."
    figures: KeyFigures
    attributes: dict[str, str | float]
    customer_tier: str | None
    segments: list[str]
    health: float | None
    "0 (about to leave) to 100 (safe), of today's score; null without one."
    health_record: HealthRecord | None
    "Its sides, what changed and why, as `kizuna health` judged last; null of who was not judged."
    churn: ScoredCustomer | UnknownCustomer | WithoutConsent | None
    curve: CustomerCurve | None
    "When they will leave."
    tasks: list[Task] | None
    "What is open to be done about them, newest first; null while the database of tasks is out of reach."
    recommendations: list[RecommendedItem]
    "As POST /v1/recommendations gives them."
    not_personalised_because: str
    "Why the recommendations are not their own; empty where they are."
    refused: list[str]
    "What they consent to no more: score, recommend, contact."
    missing: dict[str, str]
    "What the release lacks, and why."


def respond(question: CustomerQuestion, shop: RequestContext) -> CustomerAnswer:
    """Look the customer up in every part of the release."""
    release, customer_id = shop.release, question.customer_id
    part = release.segments
    row = -1 if part is None else part.index.find(customer_id)
    churn = None if release.churn is None else score_of(release.churn, customer_id)
    if row < 0 and not _on_record(release, customer_id):
        raise Problem("unknown-customer", "no table of the release knows this id; see customer_id in the tables")
    facts = NO_FACTS if part is None else part.facts_of(row)
    suggested = None
    if release.recommender is not None:
        suggested = recommend(RecommendationsQuestion(customer_id=customer_id, k=question.k), shop)
    return CustomerAnswer(
        **source_of(release, "churn"),
        customer_id=customer_id,
        is_customer=row >= 0,
        figures=facts.figures,
        attributes=facts.attributes,
        customer_tier=None if part is None else part.customer_tier_of(row),
        segments=[] if part is None else part.segments_of(row),
        health=part.health_of(row) if part is not None and isinstance(churn, ScoredCustomer) else None,
        health_record=None if release.health is None else release.health.of_customer(customer_id),
        churn=churn,
        curve=_curve(release, customer_id),
        tasks=_open_tasks(shop, customer_id),
        recommendations=[] if suggested is None else suggested.items,
        not_personalised_because="" if suggested is None else suggested.not_personalised_because,
        refused=[] if part is None else part.refused_by(customer_id),
        missing=release.description.missing,
    )


def _on_record(release: Release, customer_id: str) -> bool:
    """Whether any part of the release has heard of them: scored, willing or not, or on record for recommendations."""
    churn, recommender = release.churn, release.recommender
    scored = churn is not None and (churn.index.find(customer_id) >= 0 or churn.has_refused(customer_id))
    bought = recommender is not None and recommender.customers.index.find(customer_id) >= 0
    return scored or bought or bool(release.segments and release.segments.refused_by(customer_id))


def _curve(release: Release, customer_id: str) -> CustomerCurve | None:
    row = -1 if release.hazard is None else release.hazard.index.find(customer_id)
    return None if release.hazard is None or row < 0 else curve_answer(release.hazard, row)


def _open_tasks(shop: RequestContext, customer_id: str) -> list[Task] | None:
    """The page does not wait for what else is known of them to fail with the database."""
    try:
        return store_of(shop).find(TaskFilter(TaskState.OPEN, customer_id=customer_id), MOST_TASKS).tasks
    except SourceUnavailable as fault:
        logger.error("%s", fault)
        return None


ENDPOINT = Endpoint(
    "GET",
    "/v1/customers/{customer_id:id}",
    CustomerQuestion,
    CustomerAnswer,
    respond,
    "Everything known of one customer",
    waits=True,
    also=("unknown-customer",),
)
