"""Tests of a running campaign that may be read every day.

An interval that is right once is wrong too often for a campaign that is read every day and stopped at the first good
one. Evidence here is an e-value: where there is no effect, the chance that it ever reaches 1 / alpha is at most alpha,
however often it is read (Ville 1939; Ramdas et al. 2023).

Of customers who converted, a share p is in the campaign, where p is its share of all customers. With no effect each new
conversion is in the campaign with probability p, whenever it happens. The e-value is the likelihood of the conversions
so far under a mixture of other shares, divided by that under p (Robbins 1970; Lindon & Malek 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from core.errors import DataError
from core.intervals import CONFIDENCE, Estimate

ALPHA = 0.05
"Chance of ever stopping a campaign without an effect."
PRIOR_CONVERSIONS = 50.0
"The weight of the mixture around p: the smaller, the larger the effects that are found soonest."
MAX_LOG_RATIO = 12.0
"A rate of one arm 160,000 times the other's is as far as intervals go."


@dataclass(frozen=True)
class Conversions:
    """Customers with an event so far: a conversion, an unsubscription, a churn. Each customer counts once."""

    n_treated: int
    n_control: int
    treated_share: float
    "Of all customers in campaign and control group, those in the campaign; by design, not as counted."

    def __post_init__(self) -> None:
        if not 0 < self.treated_share < 1:
            raise DataError(
                f"{self.treated_share:.0%} of the customers are in the campaign; a test needs a control group, and "
                "customers in the campaign"
            )

    @property
    def n(self) -> int:
        """The customers with the event."""
        return self.n_treated + self.n_control


def log_evidence(
    conversions: Conversions, *, share: float | None = None, side: Literal["both", "more"] = "both"
) -> float:
    """The logarithm of the e-value against a share of the treated among conversions; the design's by default.

    `side = "more"` is evidence only for more events in the campaign than without it.
    """
    null = conversions.treated_share if share is None else share
    a, b = PRIOR_CONVERSIONS * conversions.treated_share, PRIOR_CONVERSIONS * (1 - conversions.treated_share)
    k, m = conversions.n_treated, conversions.n_control
    mixture = betaln(a + k, b + m) - betaln(a, b)
    if side == "more":
        # The mixture only of shares above the design's, before and after the conversions.
        above = 1 - betainc(a + k, b + m, conversions.treated_share)
        mixture += np.log(max(above, 1e-300)) - np.log(1 - betainc(a, b, conversions.treated_share))
    return float(mixture - k * np.log(null) - m * np.log1p(-null))


def has_effect(conversions: Conversions, *, alpha: float = ALPHA) -> bool:
    """Whether the campaign changes how many customers have the event."""
    return log_evidence(conversions) >= -np.log(alpha)


def has_more(conversions: Conversions, *, alpha: float = ALPHA) -> bool:
    """Whether the campaign makes more customers have the event: harm, where it is an unsubscription or churn."""
    return log_evidence(conversions, side="more") >= -np.log(alpha)


def has_fewer(conversions: Conversions, *, alpha: float = ALPHA) -> bool:
    """Whether the campaign makes fewer customers have the event: harm, where it is a conversion."""
    return has_more(
        Conversions(conversions.n_control, conversions.n_treated, 1 - conversions.treated_share), alpha=alpha
    )


def estimate_rate_ratio(conversions: Conversions) -> Estimate:
    """The rate of the event with the campaign over that without, with an interval that may be read every day.

    The interval holds the true ratio at all times with 90 % probability (a confidence sequence). The ratio is unknown
    without an event in the control group, and so are bounds that no event speaks against.
    """
    share, threshold = conversions.treated_share, -np.log(1 - CONFIDENCE)
    if not conversions.n:
        return Estimate()

    def excess(log_ratio: float) -> float:
        odds = share / (1 - share) * np.exp(log_ratio)
        return log_evidence(conversions, share=float(odds / (1 + odds))) - threshold

    k, m = conversions.n_treated, conversions.n_control
    ratio = k / m / (share / (1 - share)) if m else np.inf
    centre = float(np.clip(np.log(ratio), -MAX_LOG_RATIO, MAX_LOG_RATIO)) if ratio > 0 else -MAX_LOG_RATIO
    low = brentq(excess, -MAX_LOG_RATIO, centre) if excess(-MAX_LOG_RATIO) > 0 else -np.inf
    high = brentq(excess, centre, MAX_LOG_RATIO) if excess(MAX_LOG_RATIO) > 0 else np.inf
    return Estimate(float(ratio) if m else float("nan"), float(np.exp(low)), float(np.exp(high)))
