"""How many customers a campaign needs to show a stated effect, and what effect a number of customers can show.

    n = (z of the interval + z of the power)^2 x (variance treated / share treated + variance control / share control)
        / effect^2

The effect is a difference of shares, such as .02 for 5 % instead of 3 %; power is the chance that the 90 % interval
excludes 0 if the effect is real (Fleiss, Levin & Paik 2003, ch. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.stats import norm

from core.errors import BadInput
from core.intervals import HALF_WIDTH, Estimate

POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """The size of a campaign."""

    n_customers: int
    "In the campaign and in the control group together."
    n_control: int
    n_weeks: int
    "Until the last customer's time to respond is over."
    effect: float
    "Difference of shares that this size shows with the stated power."


def plan_campaign(
    *,
    base_rate: float,
    effect: float,
    control_share: float,
    contacts_per_week: int,
    response_days: int,
    power: float = POWER,
) -> CampaignPlan:
    """The customers, controls and weeks that show an effect on the share of customers who convert.

    `contacts_per_week` is how many customers can be contacted, `response_days` how long each has to respond. Raises
    BadInput for rates and shares that are none.
    """
    _check(base_rate=base_rate, effect=effect, control_share=control_share, power=power)
    if contacts_per_week < 1:
        raise BadInput(f"{contacts_per_week} customers a week can be contacted; it must be 1 or more")
    n_customers = math.ceil(count_customers(base_rate, effect, control_share=control_share, power=power))
    n_control = math.ceil(n_customers * control_share)
    n_weeks = math.ceil((n_customers - n_control) / contacts_per_week) + math.ceil(response_days / 7)
    return CampaignPlan(n_customers=n_customers, n_control=n_control, n_weeks=n_weeks, effect=effect)


def count_customers(base_rate: float, effect: float, *, control_share: float, power: float = POWER) -> float:
    """Customers of both arms together, by the formula above."""
    treated_rate = base_rate + effect
    z = HALF_WIDTH + float(norm.ppf(power))
    variance = treated_rate * (1 - treated_rate) / (1 - control_share) + base_rate * (1 - base_rate) / control_share
    return z**2 * variance / effect**2


def detectable_effect(n_customers: int, *, base_rate: float, control_share: float, power: float = POWER) -> float:
    """The smallest increase of the share that converts which this many customers show, NaN where none does."""
    _check(base_rate=base_rate, effect=(1 - base_rate) / 2, control_share=control_share, power=power)

    def excess(effect: float) -> float:
        return count_customers(base_rate, effect, control_share=control_share, power=power) - n_customers

    largest = 1 - base_rate
    return float("nan") if excess(largest) > 0 else float(brentq(excess, 1e-9, largest))


def scale_detectable(effect: Estimate, *, n_known: int, n_customers: int, power: float = POWER) -> float:
    """The smallest effect on an amount that these customers show, by the interval of those who are known so far."""
    if not n_known:
        return float("nan")
    standard_error = (effect.high - effect.low) / (2 * HALF_WIDTH)
    return (HALF_WIDTH + float(norm.ppf(power))) * standard_error * math.sqrt(n_known / n_customers)


def _check(*, base_rate: float, effect: float, control_share: float, power: float) -> None:
    if not 0 <= base_rate <= 1:
        raise BadInput(f"the share that converts without the campaign is {base_rate}; it must be between 0 and 1")
    if not effect or not 0 <= base_rate + effect <= 1:
        raise BadInput(
            f"an effect of {effect:+g} on a share of {base_rate:g} is not possible; it must not be 0 and "
            "must lead to a share between 0 and 1"
        )
    if not 0 < control_share < 1:
        raise BadInput(
            f"the control group is {control_share:.0%} of the customers; it must be more than 0 and below 100 %"
        )
    if not 0 < power < 1:
        raise BadInput(f"the power is {power}; it must be between 0 and 1")
