"""A horizon that was observed in part counts as much as it says, where churn is known day by day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.labels import Labels
from models.churn.base_rate import BaseRate
from models.churn.partial_windows import weigh_observed
from tests.models.churn.worlds import CUTOFF, customers, outcomes_of

HORIZON = 90


def contracts(n: int, *, monthly: float, days_observed: int) -> Labels:
    """Of `n` customers, a share churns in every month of the horizon, as far as it was observed."""
    day = np.random.default_rng(7).geometric(1 - (1 - monthly) ** (1 / 30), n) - 1
    outcomes = replace(
        outcomes_of(day < HORIZON),
        horizon_days=HORIZON,
        churned_at=np.where(day < HORIZON, CUTOFF + day, np.datetime64("NaT")).astype("datetime64[D]"),
        observed_until=np.full(n, CUTOFF + HORIZON),
        is_daily=True,
    )
    return outcomes.censor(CUTOFF + days_observed)


def test_complete_windows_all_count_alike():
    assert weigh_observed(contracts(500, monthly=0.03, days_observed=HORIZON)) is None


@pytest.mark.parametrize("days_observed", [30, 60])
def test_windows_observed_in_part_give_the_churn_rate_of_the_whole_horizon(days_observed: int):
    n, monthly = 20_000, 0.05
    whole, part = (contracts(n, monthly=monthly, days_observed=days) for days in (HORIZON, days_observed))
    both = Labels.join([whole, replace(part, customer_ids=np.char.add(part.customer_ids, "x"))])

    weights = weigh_observed(both)

    assert weights is not None
    of_part = weights[n:]
    assert np.average(part.churned, weights=of_part) == pytest.approx(1 - (1 - monthly) ** 3, abs=0.01)
    assert of_part[part.churned].min() == 1
    assert of_part[~part.churned].max() < 1


@given(
    days=st.lists(st.integers(0, 200), min_size=1, max_size=60),
    observed=st.lists(st.integers(30, 120), min_size=1, max_size=60),
)
def test_every_row_counts_at_most_as_much_as_a_complete_one(days: list[int], observed: list[int]):
    n = min(len(days), len(observed))
    until = CUTOFF + np.array(observed[:n])
    churned = np.array(days[:n]) < HORIZON
    outcomes = replace(
        outcomes_of(churned),
        horizon_days=HORIZON,
        churned_at=np.where(churned, CUTOFF + np.array(days[:n]), np.datetime64("NaT")).astype("datetime64[D]"),
        observed_until=np.full(n, CUTOFF + 200),
        is_daily=True,
    ).censor(until)

    weights = weigh_observed(outcomes)

    assert weights is None or ((weights >= 0) & (weights <= 1)).all()


def test_a_model_learns_from_windows_that_are_not_over_only_where_churn_is_known_day_by_day():
    n = 2_000
    part = contracts(n, monthly=0.05, days_observed=60)
    outcomes = Labels.join([contracts(n, monthly=0.05, days_observed=HORIZON), part])
    features = customers(2 * n, seed=1)
    features = replace(features, customer_ids=outcomes.customer_ids)

    model = BaseRate(n_resamples=0).fit(features, outcomes)

    assert model.score(features, HORIZON).value[0] == pytest.approx(1 - 0.95**3, abs=0.02)
    with pytest.raises(BadInput, match="are not mature"):
        BaseRate(n_resamples=0).fit(features, replace(outcomes, is_daily=False))
