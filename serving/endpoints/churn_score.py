"""POST /v1/churn/score: churn probabilities with reasons, and survival curves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from core.access import Scope
from core.model_kinds import CHURN, HAZARD
from serving.http.problems import Problem, ProblemType
from serving.http.schema import (
    MAX_CUSTOMERS,
    CustomerId,
    Endpoint,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.release.churn_part import RISK_LEVELS, ChurnPart, find_risk_levels
from serving.release.hazard_part import HazardPart
from serving.release.recommended_action import recommend_action
from serving.release.release import Release
from serving.release.retention_part import RetentionAssumptions
from serving.release.scored_customer import ScoredCustomer, score_of_row
from serving.release.stored_answers import StoredAnswers


class ChurnScoreRequest(Request, frozen=True):
    """The customers to score."""

    customer_ids: Annotated[list[CustomerId], msgspec.Meta(min_length=1, max_length=MAX_CUSTOMERS)]
    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    "Any number of days up to the end of the survival curves. Default: the horizon of the churn model."
    curve: bool = False
    "Whether to return the survival curves."


class UnknownCustomer(msgspec.Struct, frozen=True, tag_field="status", tag="not_found"):
    """An id that no customer had at the cutoff, or that of a customer who cannot churn: no subscription runs."""

    customer_id: str


class WithoutConsent(msgspec.Struct, frozen=True, tag_field="status", tag="no_consent"):
    """A customer who opted out of scoring; the release contains no score for them."""

    customer_id: str


CustomerScore = ScoredCustomer | UnknownCustomer | WithoutConsent


class ChurnScoreResponse(Response, frozen=True, kw_only=True):
    """The scores, in the order of the request."""

    scored_at: datetime
    "When the release was built, UTC. The scores use data from before midnight of the cutoff."
    horizon_days: int
    "The scores are probabilities of churn within this many days after the cutoff."
    currency: str
    "Of losses and net values."
    assumptions: RetentionAssumptions | None
    "What recommended actions assume; null where the value of customers is unknown."
    scores: list[CustomerScore]


def handle(request: ChurnScoreRequest, context: RequestContext) -> ChurnScoreResponse:
    """Look up every customer."""
    release, churn = context.release, context.release.churn
    if churn is None:
        raise not_released(release, CHURN.name)
    horizon_days = request.horizon_days or churn.horizon_days
    scores = [look_up_live_score(context, churn, customer_id=customer_id) for customer_id in request.customer_ids]
    kind = CHURN.name
    if _needs_curves(request, release, churn=churn):
        kind, hazard = HAZARD.name, _hazard_for(release, horizon_days)
        scores = [_with_curve(score, hazard, request=request, horizon_days=horizon_days) for score in scores]
        scores = [_with_money(score, release, churn=churn) for score in scores]
    return build_response(release, kind, horizon_days=horizon_days, scores=scores)


def look_up_live_score(context: RequestContext, churn: ChurnPart, *, customer_id: str) -> CustomerScore:
    """The score of one customer, or of the customer that a visitor is, with what has happened since."""
    live = context.journal.customer(customer_id)
    if live is None:
        return look_up_score(context.release, churn, customer_id=customer_id)
    if live.refuses("score", before=churn.has_opted_out(live.customer_id)):
        return WithoutConsent(customer_id)
    score = look_up_score(context.release, churn, customer_id=live.customer_id)
    if isinstance(score, ScoredCustomer):
        return msgspec.structs.replace(score, customer_id=customer_id, events_since=live.n_events)
    return UnknownCustomer(customer_id)


def build_response(
    release: Release, kind: str, *, horizon_days: int, scores: list[CustomerScore]
) -> ChurnScoreResponse:
    """The response with these scores of the churn or the hazard model."""
    return ChurnScoreResponse(
        **provenance_of(release, kind),
        scored_at=release.description.created_at,
        horizon_days=horizon_days,
        currency=release.description.currency,
        assumptions=None if release.retention is None else release.retention.assumptions,
        scores=scores,
    )


def look_up_score(release: Release, churn: ChurnPart, *, customer_id: str) -> CustomerScore:
    """The churn score of one customer in a release."""
    row = churn.index.find(customer_id)
    if row < 0:
        return WithoutConsent(customer_id) if churn.has_opted_out(customer_id) else UnknownCustomer(customer_id)
    return score_of_row(release, churn, row=row, customer_id=customer_id, reasons=churn.reasons[row])


def find_stored_answers(release: Release) -> StoredAnswers | None:
    """What answers requests without horizon and curve; None where the release contains no stored answers."""
    if release.churn is None:
        return None
    response = build_response(release, CHURN.name, horizon_days=release.churn.horizon_days, scores=[])
    return StoredAnswers.of(release.churn, response=msgspec.json.encode(response))


def _needs_curves(request: ChurnScoreRequest, release: Release, *, churn: ChurnPart) -> bool:
    """Whether the hazard model scores: it does for every explicit horizon, so that no two scores contradict."""
    if request.curve or request.horizon_days not in (None, churn.horizon_days):
        return True
    return request.horizon_days is not None and release.hazard is not None


def _hazard_for(release: Release, horizon_days: int) -> HazardPart:
    """The survival curves. Raises Problem if there are none, or if they end before the horizon."""
    hazard = release.hazard
    if hazard is None:
        own_horizon = f"scores are for {release.churn.horizon_days} days only: " if release.churn else ""
        reason = release.description.missing.get(HAZARD.name, "no hazard model was trained (kizuna train hazard)")
        raise Problem(
            ProblemType.MODEL_NOT_RELEASED,
            f"release {release.description.release_id} has no survival curves; {own_horizon}{reason}",
        )
    if horizon_days > hazard.curves.horizon_days:
        raise Problem(ProblemType.HORIZON_TOO_LONG, f"the curves end after {hazard.curves.horizon_days} days")
    return hazard


def _with_curve(
    score: CustomerScore, hazard: HazardPart, *, request: ChurnScoreRequest, horizon_days: int
) -> CustomerScore:
    """The score from the survival curve, with the reasons of the churn model."""
    if not isinstance(score, ScoredCustomer):
        return score
    row = hazard.index.find(score.customer_id)
    if row < 0:
        return UnknownCustomer(score.customer_id)
    probability = hazard.curves.take(slice(row, row + 1)).at(horizon_days)
    curve = hazard.curve_of(score.customer_id) if request.curve else None
    return msgspec.structs.replace(
        score,
        churn_probability=float(probability[0]),
        low=None,
        high=None,
        risk_level=RISK_LEVELS[find_risk_levels(probability, hazard.risk_levels)[0]],
        curve=msgspec.UNSET if curve is None else curve,
    )


def _with_money(score: CustomerScore, release: Release, *, churn: ChurnPart) -> CustomerScore:
    """The score with the loss and the action that follow from its probability."""
    if not isinstance(score, ScoredCustomer):
        return score
    probability = score.churn_probability
    return msgspec.structs.replace(
        score,
        expected_loss=release.estimate_loss(score.customer_id, probability),
        recommended_action=recommend_action(release, churn.index.find(score.customer_id), probability=probability),
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/churn/score",
    request=ChurnScoreRequest,
    response=ChurnScoreResponse,
    handle=handle,
    summary="Churn probabilities, reasons and survival curves",
    scope=Scope.SCORE,
    problems=(ProblemType.HORIZON_TOO_LONG,),
    stored=find_stored_answers,
)
