"""Who is comparable: customers who stayed, of the same plan, about as long with us and about as large.

Where too few of them stayed, size is let go first, then the plan, then the time with us: the whole month's stayers
remain. What a churn model adds to a customer's log-odds is told as the distance from the mean of these.
"""

from __future__ import annotations

import numpy as np

from insights.causes.person_months import PersonMonths

TENURE_BANDS_DAYS = (90, 365, 730)
SIZE_BANDS = 3
LEAST_STAYERS = 20
"Fewer comparable stayers make no mean."


def excess(contributions: np.ndarray, rows: PersonMonths, plans: np.ndarray) -> np.ndarray:
    """(n, causes) contributions less the mean of the comparable stayers; `plans` (n,) are numbers or words."""
    reference = np.full(contributions.shape, np.nan)
    for grouping in _groupings(rows, plans):
        lacking = np.isnan(reference).any(axis=1)
        if lacking.any():
            means = _stayers_means(contributions, ~rows.left, grouping, least=LEAST_STAYERS)
            reference[lacking] = means[lacking]
    everybody = contributions[~rows.left] if (~rows.left).any() else contributions
    return contributions - np.where(np.isnan(reference), everybody.mean(axis=0), reference)


def _groupings(rows: PersonMonths, plans: np.ndarray) -> list[np.ndarray]:
    """(n,) group numbers, the closest likeness first."""
    months = np.unique(rows.months, return_inverse=True)[1]
    tenures = np.searchsorted(TENURE_BANDS_DAYS, rows.tenure_days, side="right")
    of_plan = np.unique(plans, return_inverse=True)[1]
    likeness = [tenures, of_plan, _sizes(rows.mrr_units)]
    return [_numbered([months, *likeness[:kept]]) for kept in (3, 2, 1, 0)]


def _sizes(mrr_units: np.ndarray) -> np.ndarray:
    """(n,) thirds of the customers by what they pay."""
    edges = np.quantile(mrr_units, np.linspace(0, 1, SIZE_BANDS + 1)[1:-1])
    return np.searchsorted(edges, mrr_units, side="right")


def _numbered(keys: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.column_stack(keys), axis=0, return_inverse=True)[1].ravel()


def _stayers_means(contributions: np.ndarray, stayed: np.ndarray, groups: np.ndarray, least: int) -> np.ndarray:
    """(n, causes) the mean over the stayers of each row's group; NaN with too few of them."""
    n_groups = int(groups.max()) + 1
    counts = np.bincount(groups[stayed], minlength=n_groups).astype(np.float64)
    sums = np.stack(
        [np.bincount(groups[stayed], column[stayed], n_groups) for column in contributions.T], axis=1
    )  # fmt: skip
    means = sums / np.maximum(counts, 1)[:, None]
    means[counts < least] = np.nan
    return means[groups]
