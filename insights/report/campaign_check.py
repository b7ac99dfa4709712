"""What a campaign changed, as `kizuna campaign show` measures it, and what that earns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate
from insights.campaigns.customers import ComparedCustomers
from insights.campaigns.kpis import Measurement, measure_kpi
from insights.campaigns.measuring import CampaignMeasures, KpiEffect, measure_campaign, sum_mature_costs
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from insights.report.attribute_groups import Grouping
from insights.report.campaign_actions import widen
from insights.report.campaign_data import CampaignCustomers

MIN_GROUP_ARM = 50
"Customers of a group in each arm, below which it is not compared with the others."


@dataclass(frozen=True, kw_only=True)
class CheckedCampaign:
    """What the campaign changed, against its control group; estimates are NaN where they are unknown."""

    measures: CampaignMeasures
    n_waiting: int
    "Customers whose days to respond are not over, by the campaign's own KPI."
    net_value: Estimate
    "Additional gross margin less the cost of the contacts, of those whose days to respond are over."
    unsubscribed: float
    "Share of those contacted; NaN where it is not on record."

    @property
    def own(self) -> KpiEffect:
        """The effect on the campaign's own KPI."""
        return self.measures.effects[0]

    @property
    def evidence(self) -> float:
        """The e-value of an effect; NaN without a control group or a record: 20 or more is evidence on any day."""
        test = self.measures.conversions
        return float("nan") if test is None else test.e_value


def check_campaign(customers: CampaignCustomers, measurement: Measurement, *, margin_rate: float) -> CheckedCampaign:
    """Compare the treated of one campaign with its control group, as far as their days to respond are over."""
    compared = customers.compare()
    measures, by_chance = measure_campaign(compared, measurement), compared.by_chance
    own = measures.effects[0]
    revenue = next((one for one in measures.effects if one.kpi == "amount"), None)
    net = Estimate()
    if revenue is not None:
        cost = sum_mature_costs(by_chance, measurement)
        net = Estimate(*(margin_rate * bound - cost for bound in _bounds(revenue.total)))
    return CheckedCampaign(
        measures=measures,
        n_waiting=len(by_chance) - own.n_treated - own.n_control if own.is_recorded else 0,
        net_value=net,
        unsubscribed=_mean(customers.unsubscriptions, customers.treated),
    )


def _bounds(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high


def _mean(values: NDArray[np.bool_] | None, rows: NDArray[np.bool_]) -> float:
    return float("nan") if values is None or not rows.any() else float(values[rows].mean())


def find_best_groups(
    customers: ComparedCustomers, measurement: Measurement, *, groupings: Sequence[Grouping]
) -> Iterator[tuple[str, str]]:
    """The groups on whose KPI the campaign has a larger effect than on the others', allowing for their number."""
    values, reason = measure_kpi(measurement.kpi, customers, measurement=measurement)
    if reason:
        return
    is_known = ~np.isnan(values)
    arms = (customers.treated & is_known, ~customers.treated & is_known)
    compared = [
        (grouping.by, name, _difference(customers, values, rows=rows, others=~rows))
        for grouping in groupings
        for name, rows in grouping.masks(customers.customer_ids)
        if all((part & arm).sum() >= MIN_GROUP_ARM for part in (rows, ~rows) for arm in arms)
    ]
    for by, name, estimate in compared:
        if estimate.value - widen(len(compared)) * (estimate.value - estimate.low) > 0:
            yield by, name


def _difference(
    customers: ComparedCustomers, values: NDArray[np.float64], *, rows: NDArray[np.bool_], others: NDArray[np.bool_]
) -> Estimate:
    """The effect on some customers less that on others."""
    is_yes_or_no = bool(np.isin(values[~np.isnan(values)], (0.0, 1.0)).all())
    inside, outside = (
        estimate_effect(
            CampaignOutcomes(
                customers.treated[part],
                values[part],
                propensities=customers.propensities[part],
                is_yes_or_no=is_yes_or_no,
            )
        )
        for part in (rows & ~np.isnan(values), others & ~np.isnan(values))
    )
    value = inside.value - outside.value
    below = ((inside.value - inside.low) ** 2 + (outside.high - outside.value) ** 2) ** 0.5
    above = ((inside.high - inside.value) ** 2 + (outside.value - outside.low) ** 2) ** 0.5
    return Estimate(value, value - below, value + above)
