"""What share of churning customers contacts keep: as stated in the configuration, unless control groups tell.

    save rate = (P(stays | contacted) - P(stays | control)) / P(churns | control)

    90 % interval of the measured rate                        counts
    excludes 0                                                the measured rate
    includes 0, and would not if the stated rate were true    none
    is wider                                                  the stated rate: the contacts cannot tell

Evidence goes before an assumption. Contacts that are too few to show the stated rate are no evidence against it.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.contact_answers import SaveRows
from core.intervals import HALF_WIDTH, Estimate
from models.policies.acceptance.rates import ASSUMED

MIN_CHURNED = 20
"Customers of each group who churned, and who stayed, below which a rate is not measured."


class SaveRate(msgspec.Struct, frozen=True, kw_only=True):
    """The share of churning customers whom a contact keeps, as decisions count it, and where it comes from."""

    rate: float
    "Below 0 where contacts drive customers away."
    source: str
    "In words."
    stated_rate: float
    measured: Estimate = Estimate()
    "With its 90 % interval; NaN where it was not measured."
    n_contacts: int = 0
    "Of both groups, that it was measured on."


def judge_save_rate(rows: SaveRows | None, *, stated_rate: float) -> SaveRate:
    """The stated rate, or what control groups show in its place."""
    if rows is None or not _is_enough(rows):
        return SaveRate(rate=stated_rate, source=f"save rate of {stated_rate:g} {ASSUMED}", stated_rate=stated_rate)
    measured = measure_save_rate(rows)
    figures = f"{measured.value:.2g} ({measured.low:.2g} to {measured.high:.2g}) on {len(rows):,} contacts"
    if measured.excludes(0):
        rate = max(measured.value, -1.0)
        source = f"save rate measured against control groups: {figures}; {stated_rate:g} was stated"
    elif measured.high < stated_rate or measured.high - measured.low <= 2 * stated_rate:
        rate = 0.0
        source = f"none: control groups show no save rate, {figures}, in place of the stated {stated_rate:g}"
    else:
        rate = stated_rate
        source = f"save rate of {stated_rate:g} {ASSUMED}: control groups cannot tell, {figures}"
    return SaveRate(rate=rate, source=source, stated_rate=stated_rate, measured=measured, n_contacts=len(rows))


def measure_save_rate(rows: SaveRows) -> Estimate:
    """The measured rate with its interval over customers, weighted by the inverse of P(the group)."""
    stayed, weights = rows.stayed.astype(np.float64), rows.arm_weights
    difference, error = _compare(rows, stayed - _explain(rows, stayed), weights=weights)
    churn = 1.0 - float(np.average(stayed[~rows.treated], weights=weights[~rows.treated]))
    rate, width = difference / churn, HALF_WIDTH * error / churn
    return Estimate(rate, rate - width, rate + width)


def _is_enough(rows: SaveRows) -> bool:
    counts = [
        int((rows.stayed[arm] == stays).sum()) for arm in (rows.treated, ~rows.treated) for stays in (True, False)
    ]
    return min(counts) >= MIN_CHURNED


def _explain(rows: SaveRows, stayed: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is known before the contact explains of who stays, (n,), by least squares over both groups."""
    before = rows.before - rows.before.mean(axis=0)
    return before @ np.linalg.lstsq(before, stayed - stayed.mean(), rcond=None)[0]


def _compare(rows: SaveRows, outcomes: NDArray[np.float64], *, weights: NDArray[np.float64]) -> tuple[float, float]:
    """The difference of the weighted means, and its standard error; contacts of one customer are not independent."""
    means, influence = list[float](), np.zeros(len(rows))
    for arm, sign in ((rows.treated, 1.0), (~rows.treated, -1.0)):
        means.append(float(np.average(outcomes[arm], weights=weights[arm])))
        influence[arm] = sign * weights[arm] * (outcomes[arm] - means[-1]) / weights[arm].sum()
    _, customers = np.unique(rows.customer_ids, return_inverse=True)
    return means[0] - means[1], float(np.sqrt((np.bincount(customers, influence) ** 2).sum()))
