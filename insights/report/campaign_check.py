"""What a campaign changed, against the customers who were left out by chance.

Where the probability of a contact differed between customers, as in the stages of a roll-out, customers of one
probability are compared with each other, and the effects are averaged by their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from insights.campaigns.sequential import Conversions, log_evidence
from insights.report.attribute_groups import Grouping
from insights.report.campaign_actions import widen
from insights.report.campaign_data import CampaignCustomers

MIN_ARM = 2
MIN_GROUP_ARM = 50
"Customers of a group in each arm, below which it is not compared with the others."
MAX_LOG_EVIDENCE = 700.0
"Its exponential is the largest number there is, about."


@dataclass(frozen=True, kw_only=True)
class CheckedCampaign:
    """What the campaign changed, against its control group; estimates are NaN where they are unknown."""

    n_compared: int
    n_waiting: int
    "Customers whose days to respond are not over."
    rate: float
    "Share of those contacted who acted."
    control_rate: float
    effect: Estimate
    "Difference of the shares."
    conversions: Estimate
    "Additional customers who acted."
    revenue: Estimate
    "Additional revenue, base currency."
    net_value: Estimate
    "Additional gross margin less the cost of the contacts."
    evidence: float
    "E-value: 20 or more is evidence of an effect, however often it is read."
    unsubscribed: float
    "Share of those contacted; NaN where it is not on record."


def check_campaign(customers: CampaignCustomers, *, margin_rate: float) -> CheckedCampaign:
    """Compare the treated with the control group, as far as their days to respond are over."""
    mature = customers.take(customers.is_mature)
    n_treated = int(customers.treated.sum())
    acted = None if mature.acted is None else mature.acted.astype(np.float64)
    effect = _estimate(mature, acted)
    revenue = _scale(_estimate(mature, mature.revenue), n_treated)
    cost = float(customers.costs.sum())
    net = Estimate(*(margin_rate * bound - cost for bound in (revenue.value, revenue.low, revenue.high)))
    unsubscribed = customers.unsubscribed
    return CheckedCampaign(
        n_compared=len(mature),
        n_waiting=len(customers) - len(mature),
        rate=_mean(acted, mature.treated),
        control_rate=_mean(acted, ~mature.treated),
        effect=effect,
        conversions=_scale(effect, n_treated),
        revenue=revenue,
        net_value=net,
        evidence=_weigh_evidence(customers),
        unsubscribed=_mean(None if unsubscribed is None else unsubscribed.astype(np.float64), customers.treated),
    )


def _mean(values: NDArray[np.float64] | None, rows: NDArray[np.bool_]) -> float:
    return float("nan") if values is None or not rows.any() else float(values[rows].mean())


def _scale(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.value * factor, estimate.low * factor, estimate.high * factor)


def _split_by_propensity(customers: CampaignCustomers) -> Iterator[NDArray[np.bool_]]:
    """The rows of each probability of a contact that has enough customers in both arms."""
    shares = np.round(np.nan_to_num(customers.propensities, nan=-1.0), 6)
    for share in np.unique(shares):
        rows = shares == share
        n_treated = int((rows & customers.treated).sum())
        if min(n_treated, int(rows.sum()) - n_treated) >= MIN_ARM:
            yield rows


def _estimate(customers: CampaignCustomers, outcomes: NDArray[np.float64] | None) -> Estimate:
    """The effect on a customer; NaN where it cannot be compared."""
    strata = list(_split_by_propensity(customers)) if outcomes is not None else []
    if outcomes is None or not strata:
        return Estimate()
    before = customers.spent_before
    estimates = [
        estimate_effect(
            CampaignOutcomes(customers.treated[rows], outcomes[rows], None if before is None else before[rows, None])
        )
        for rows in strata
    ]
    weights = np.array([rows.sum() for rows in strata]) / sum(rows.sum() for rows in strata)
    value = float(sum(weight * one.value for weight, one in zip(weights, estimates, strict=True)))
    below, above = (
        float(sum((weight * (bound - one.value)) ** 2 for weight, one, bound in bounds) ** 0.5)
        for bounds in (
            [(weight, one, one.low) for weight, one in zip(weights, estimates, strict=True)],
            [(weight, one, one.high) for weight, one in zip(weights, estimates, strict=True)],
        )
    )
    return Estimate(value, value - below, value + above)


def count_events(
    customers: CampaignCustomers, events: NDArray[np.bool_] | None, *, only_if_control: bool = False
) -> Conversions | None:
    """The customers with an event so far; None without both arms, or where only one arm can have it."""
    n_treated = int(customers.treated.sum())
    if events is None or not 0 < n_treated < len(customers):
        return None
    if only_if_control and not events[~customers.treated].any():
        return None
    recorded = customers.propensities[~np.isnan(customers.propensities)]
    share = float(recorded.mean()) if len(recorded) else n_treated / len(customers)
    if not 0 < share < 1:
        return None
    return Conversions(int((events & customers.treated).sum()), int((events & ~customers.treated).sum()), share)


def _weigh_evidence(customers: CampaignCustomers) -> float:
    """The e-value of an effect on who acts; e-values of groups that chance treated apart are multiplied."""
    parts = [customers.take(rows) for rows in _split_by_propensity(customers)]
    logs = [log_evidence(counts) for part in parts if (counts := count_events(part, part.acted)) is not None]
    return float(np.exp(min(sum(logs), MAX_LOG_EVIDENCE))) if logs else float("nan")


def find_best_groups(customers: CampaignCustomers, groupings: Sequence[Grouping]) -> Iterator[tuple[str, str]]:
    """The groups on which the campaign has a larger effect than on the others, allowing for their number."""
    mature = customers.take(customers.is_mature)
    acted = mature.acted
    if acted is None:
        return
    compared = [
        (grouping.by, name, _difference(mature, acted.astype(np.float64), rows=rows))
        for grouping in groupings
        for name, rows in grouping.masks(mature.customer_ids)
        if all(
            (part & arm).sum() >= MIN_GROUP_ARM for part in (rows, ~rows) for arm in (mature.treated, ~mature.treated)
        )
    ]
    for by, name, estimate in compared:
        if estimate.value - widen(len(compared)) * (estimate.value - estimate.low) > 0:
            yield by, name


def _difference(customers: CampaignCustomers, outcomes: NDArray[np.float64], *, rows: NDArray[np.bool_]) -> Estimate:
    inside, outside = (_estimate(customers.take(part), outcomes[part]) for part in (rows, ~rows))
    value = inside.value - outside.value
    below = ((inside.value - inside.low) ** 2 + (outside.high - outside.value) ** 2) ** 0.5
    above = ((inside.high - inside.value) ** 2 + (outside.value - outside.low) ** 2) ** 0.5
    return Estimate(value, value - below, value + above)
