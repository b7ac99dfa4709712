"""POST /v1/churn/score: how likely customers are to leave, and why."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from core.scores import RiskLevel
from serving.answers.survival_curves import CustomerCurve, curve_answer, part_for
from serving.http.schema import Answer, CustomerId, Endpoint, Question, RequestContext, not_released, source_of
from serving.release.churn_part import RISK_LEVELS, ChurnPart, risk_levels_of
from serving.release.hazard_part import HazardPart
from serving.release.release import Release

Reasons = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "array", "items": {"$ref": "#/components/schemas/Reason"}}),
]
"Stored as JSON and passed on as it is."


class ChurnQuestion(Question, frozen=True):
    """Whom to score."""

    customer_ids: Annotated[list[CustomerId], msgspec.Meta(min_length=1, max_length=1000)]
    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    "Within how many days they would leave: any up to the end of the curves; not stated, the churn model's own."
    curve: bool = False
    "Whether to tell when each would leave."


class ScoredCustomer(msgspec.Struct, frozen=True, tag_field="status", tag="scored"):
    """One customer's risk."""

    customer_id: str
    churn_probability: float
    low: float | None
    "The lower bound of its 90 % interval; null where the model gives none, as the curves do not."
    high: float | None
    risk_level: RiskLevel
    short_history: bool
    "Too little is known of this customer for the score to be their own."
    reasons: Reasons
    curve: CustomerCurve | msgspec.UnsetType = msgspec.UNSET
    "Where it was asked for."


class UnknownCustomer(msgspec.Struct, frozen=True, tag_field="status", tag="not_found"):
    """An id that no customer had at the cutoff."""

    customer_id: str


class WithoutConsent(msgspec.Struct, frozen=True, tag_field="status", tag="no_consent"):
    """A customer who refused to be scored; the release holds no score of them."""

    customer_id: str


Scored = ScoredCustomer | UnknownCustomer | WithoutConsent


class ChurnAnswer(Answer, frozen=True, kw_only=True):
    """The scores, in the order of the question."""

    horizon_days: int
    "Within how many days after the cutoff they would leave."
    scores: list[Scored]


def respond(question: ChurnQuestion, shop: RequestContext) -> ChurnAnswer:
    """Look every id up."""
    churn = shop.release.churn
    if churn is None:
        raise not_released(shop.release, "churn")
    horizon_days = question.horizon_days or churn.horizon_days
    if not _asks_for_curves(question, shop.release, churn):
        behind, scores = "churn", [score_of(churn, customer_id) for customer_id in question.customer_ids]
    else:
        behind, part = "hazard", part_for(shop.release, horizon_days)
        scores = [
            _by_curve(score_of(churn, customer_id), part, horizon_days, question.curve)
            for customer_id in question.customer_ids
        ]
    return ChurnAnswer(**source_of(shop.release, behind), horizon_days=horizon_days, scores=scores)


def _asks_for_curves(question: ChurnQuestion, release: Release, churn: ChurnPart) -> bool:
    """Whether the hazard answers: it does for every horizon that is stated, so that no two contradict each other."""
    if question.curve or question.horizon_days not in (None, churn.horizon_days):
        return True
    return question.horizon_days is not None and release.hazard is not None


def _by_curve(said: Scored, part: HazardPart, horizon_days: int, with_curve: bool) -> Scored:
    """What the curve says of a customer, beside the churn model's reasons."""
    if not isinstance(said, ScoredCustomer):
        return said
    row = part.index.find(said.customer_id)
    if row < 0:
        return UnknownCustomer(said.customer_id)
    risk = part.curves.take(slice(row, row + 1)).at(horizon_days)
    return msgspec.structs.replace(
        said,
        churn_probability=float(risk[0]),
        low=None,
        high=None,
        risk_level=RISK_LEVELS[risk_levels_of(risk, part.risk_levels)[0]],
        curve=curve_answer(part, row) if with_curve else msgspec.UNSET,
    )


def score_of(churn: ChurnPart, customer_id: str) -> Scored:
    """What the release says of one customer's risk."""
    row = churn.index.find(customer_id)
    if row < 0:
        return WithoutConsent(customer_id) if churn.has_refused(customer_id) else UnknownCustomer(customer_id)
    return ScoredCustomer(
        customer_id,
        float(churn.probability[row]),
        _known(churn.low[row]),
        _known(churn.high[row]),
        RISK_LEVELS[churn.risk_level[row]],
        bool(churn.short_history[row]),
        churn.reasons[row],
    )


def _known(bound: float) -> float | None:
    return None if math.isnan(bound) else float(bound)


ENDPOINT = Endpoint(
    "POST", "/v1/churn/score", ChurnQuestion, ChurnAnswer, respond, "Will they leave, when, and why", "churn",
    also=("horizon-not-learnt",),
)  # fmt: skip
