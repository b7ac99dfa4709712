"""Revenue at risk reconciles to the last unit, and interventions are ranked by expected gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import Intervention
from core.errors import DataError
from insights.causes.revenue_at_risk import RevenueAtRisk, apportion, rank_interventions

CAUSES = ("product", "price")
REVENUE = RevenueAtRisk.of(
    np.array(["ada", "bo"]),
    np.array([100.0, 1000.0]),
    risk=np.array([0.5, 0.1]),
    shares=np.array([[1.0, 0.0], [0.25, 0.75]]),
)


def test_the_causes_add_up_to_total_revenue_at_risk():
    product, price, whole = REVENUE.totals()

    assert (product.value, price.value) == (pytest.approx(75), pytest.approx(75))
    assert whole.value == pytest.approx((REVENUE.mrr * np.array([0.5, 0.1])).sum())


def test_interventions_are_ranked_by_gain_and_skip_customers_they_do_not_pay_for():
    cheap = Intervention(name="call", cause="price", save_rate=0.5, cost=10)
    dear = Intervention(name="rebuild", cause="product", save_rate=0.5, cost=0, fixed_cost=10_000)
    by_offer = Intervention(name="training", cause="product", save_rate=1, offer="o1")

    ranked = rank_interventions(
        REVENUE,
        12 * REVENUE.mrr,
        interventions=(dear, cheap, by_offer),
        causes=CAUSES,
        offer_costs={"o1": 500.0},
    )

    assert [one.name for one in ranked] == ["call", "training", "rebuild"]
    assert ranked[0].gain.value == pytest.approx(0.1 * 0.75 * 0.5 * 12_000 - 10)
    assert [one.n_customers for one in ranked] == [1, 1, 2]
    assert ranked[1].gain.value == pytest.approx(0.5 * 1200 - 500)
    assert ranked[2].gain.value == pytest.approx((0.5 * 1200 + 0.1 * 0.25 * 12_000) * 0.5 - 10_000)


def test_an_intervention_with_an_unknown_offer_is_an_error():
    with pytest.raises(DataError, match="names the offer 'o2'; there are: o1"):
        rank_interventions(
            REVENUE,
            REVENUE.mrr,
            interventions=(Intervention(name="x", cause="price", save_rate=1, offer="o2"),),
            causes=CAUSES,
            offer_costs={"o1": 1.0},
        )


def test_an_intervention_needs_exactly_one_cost():
    with pytest.raises(ValueError, match="exactly one of cost and offer"):
        Intervention(name="x", cause="price", save_rate=0.1)


@given(st.integers(0, 10**12), st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_apportioned_parts_add_up_exactly(whole, parts):
    shares = apportion(whole, parts)

    assert sum(shares) == (whole if sum(parts) > 0 else 0)
    assert min(shares) >= 0
