"""Answers with churn scores."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from kizuna_client.answers.common import Answer

RiskLevel = Literal["high", "low", "medium"]


ComparedWith = Literal["all_customers", "customer"]


NoAction = Literal["capacity", "does_not_pay", "no_consent", "value_unknown"]


class RetentionTerms(TypedDict):
    """What a retention contact costs and keeps, and where these figures come from."""

    save_rate: float
    save_rate_customers: float
    offer_cost: float
    contact_cost: float
    median_value: float
    sources: dict[str, str]


class RetentionAssumptions(TypedDict):
    """What recommended actions assume."""

    terms: RetentionTerms
    value_kind: Literal["", "margin", "predicted", "revenue", "stated"]
    capacity: int | None
    min_net_value: float


class Reason(TypedDict):
    """The contribution of a feature family to a customer's score, with a sentence."""

    code: str
    direction: str
    weight: float
    value: float | str | None
    usual_value: float | str | None
    compared_with: NotRequired[ComparedWith]
    en: str
    ja: str


class RecommendedAction(TypedDict):
    """What to do to keep one customer."""

    kind: Literal["contact", "none", "offer", "segment_action"]
    offer_id: NotRequired[str | None]
    text: NotRequired[str]
    none_because: NotRequired[NoAction | None]
    expected_net_value: NotRequired[float | None]
    pays_above: NotRequired[float | None]


class CustomerCurve(TypedDict):
    """When one customer will churn; lists have a value for each of `days`."""

    days: list[int]
    churn_probability: list[float]
    by_cause: dict[str, list[float]] | None
    expected_months: float
    months_within: float
    expected_revenue: float | None


class ScoredCustomer(TypedDict):
    """One customer's churn score."""

    status: Literal["scored"]
    customer_id: str
    churn_probability: float
    low: float | None
    high: float | None
    risk_level: RiskLevel
    short_history: bool
    reasons: list[Reason]
    expected_loss: float | None
    recommended_action: RecommendedAction
    events_since: NotRequired[int]
    curve: NotRequired[CustomerCurve]


class UnknownCustomer(TypedDict):
    """An id that no customer had at the cutoff, or that of a customer who cannot churn: no subscription runs."""

    status: Literal["not_found"]
    customer_id: str


class WithoutConsent(TypedDict):
    """A customer who opted out of scoring; the release contains no score for them."""

    status: Literal["no_consent"]
    customer_id: str


CustomerScore = ScoredCustomer | UnknownCustomer | WithoutConsent


class ChurnScoreResponse(Answer):
    """The scores, in the order of the request."""

    scored_at: str
    horizon_days: int
    currency: str
    assumptions: RetentionAssumptions | None
    scores: list[CustomerScore]
