"""POST /v1/churn/score: churn probabilities with reasons, and survival curves."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.access import Scope
from core.model_kinds import CHURN, HAZARD
from core.scores import RiskLevel
from serving.http.problems import Problem, ProblemType
from serving.http.schema import (
    CustomerId,
    Endpoint,
    Request,
    RequestContext,
    Response,
    not_released,
    provenance_of,
)
from serving.release.churn_part import RISK_LEVELS, ChurnPart, find_risk_levels
from serving.release.hazard_part import CustomerCurve, HazardPart
from serving.release.recommended_action import recommend_action
from serving.release.release import Release
from serving.release.retention_part import RecommendedAction, RetentionAssumptions

Reasons = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "array", "items": {"$ref": "#/components/schemas/Reason"}}),
]
"The release stores them as JSON, and responses contain them unchanged."


class ChurnScoreRequest(Request, frozen=True):
    """The customers to score."""

    customer_ids: Annotated[list[CustomerId], msgspec.Meta(min_length=1, max_length=1000)]
    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    "Any number of days up to the end of the survival curves. Default: the horizon of the churn model."
    curve: bool = False
    "Whether to return the survival curves."


class ScoredCustomer(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="scored"):
    """One customer's churn score."""

    customer_id: str
    churn_probability: float
    low: float | None
    "Lower bound of the 90 % interval; null if the model gives none, as survival curves do not."
    high: float | None
    "Upper bound of the 90 % interval."
    risk_level: RiskLevel
    short_history: bool
    "Whether there is too little data on this customer for a score of their own."
    reasons: Reasons
    expected_loss: float | None
    """\
    Churn probability times the predicted value within `[value] horizon_days` of a customer who stays (value over
    P(alive)), base currency. Without a value model, times the margin or revenue of the last 365 days. Null if unknown.
    The same as in `kizuna score`."""
    recommended_action: RecommendedAction
    "What to do to keep the customer, with its expected net value. The same as in `kizuna score`."
    curve: CustomerCurve | msgspec.UnsetType = msgspec.UNSET
    "The survival curve, if requested."


class UnknownCustomer(msgspec.Struct, frozen=True, tag_field="status", tag="not_found"):
    """An id that no customer had at the cutoff, or that of a customer who cannot churn: no subscription runs."""

    customer_id: str


class WithoutConsent(msgspec.Struct, frozen=True, tag_field="status", tag="no_consent"):
    """A customer who opted out of scoring; the release contains no score for them."""

    customer_id: str


CustomerScore = ScoredCustomer | UnknownCustomer | WithoutConsent


class ChurnScoreResponse(Response, frozen=True, kw_only=True):
    """The scores, in the order of the request."""

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
    scores = [look_up_score(release, churn, customer_id=customer_id) for customer_id in request.customer_ids]
    kind = CHURN.name
    if _needs_curves(request, release, churn=churn):
        kind, hazard = HAZARD.name, _hazard_for(release, horizon_days)
        scores = [_with_curve(score, hazard, request=request, horizon_days=horizon_days) for score in scores]
        scores = [_with_money(score, release, churn=churn) for score in scores]
    return ChurnScoreResponse(
        **provenance_of(release, kind),
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
    low, high = churn.interval_of(row)
    probability = float(churn.probability[row])
    return ScoredCustomer(
        customer_id=customer_id,
        churn_probability=probability,
        expected_loss=release.estimate_loss(customer_id, probability),
        low=low,
        high=high,
        risk_level=RISK_LEVELS[churn.risk_level[row]],
        short_history=bool(churn.short_history[row]),
        reasons=churn.reasons[row],
        recommended_action=recommend_action(release, row, probability=probability),
    )


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
)
