"""One customer's churn score, as POST /v1/churn/score answers it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.risk_level import RiskLevel
from serving.release.churn_part import RISK_LEVELS, ChurnPart
from serving.release.hazard_part import CustomerCurve
from serving.release.recommended_action import recommend_action
from serving.release.release import Release
from serving.release.retention_part import RecommendedAction

Reasons = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "array", "items": {"$ref": "#/components/schemas/Reason"}}),
]
"The release stores them as JSON, and responses contain them unchanged."


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
    events_since: int = 0
    "Events of this customer since the cutoff, as in POST /v1/events, which the score does not contain yet."
    curve: CustomerCurve | msgspec.UnsetType = msgspec.UNSET
    "The survival curve, if requested."


def score_of_row(
    release: Release, churn: ChurnPart, *, row: int, customer_id: str, reasons: msgspec.Raw
) -> ScoredCustomer:
    """The score of the customer in a row of the churn scores."""
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
        reasons=reasons,
        recommended_action=recommend_action(release, row, probability=probability),
    )
