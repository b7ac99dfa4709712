"""What is at stake reconciles to the last unit, and interventions are ranked by what they bring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import Intervention
from core.errors import DataError
from insights.causes.revenue_at_risk import RevenueAtRisk, apportioned, ranked_interventions

CAUSES = ("product", "price")
STAKE = RevenueAtRisk.of(
    np.array(["ada", "bo"]), np.array([100.0, 1000.0]), np.array([0.5, 0.1]), np.array([[1.0, 0.0], [0.25, 0.75]])
)


def test_the_stakes_of_all_causes_add_up_to_that_of_leaving():
    product, price, whole = STAKE.totals()

    assert (product.value, price.value) == (pytest.approx(75), pytest.approx(75))
    assert whole.value == pytest.approx((STAKE.mrr * np.array([0.5, 0.1])).sum())


def test_measures_come_with_the_most_money_first_and_leave_alone_whom_they_do_not_pay_for():
    cheap = Intervention(name="call", cause="price", save_rate=0.5, cost=10)
    dear = Intervention(name="rebuild", cause="product", save_rate=0.5, cost=0, fixed_cost=10_000)
    by_offer = Intervention(name="training", cause="product", save_rate=1, offer="o1")

    found = ranked_interventions(STAKE, 12 * STAKE.mrr, (dear, cheap, by_offer), CAUSES, {"o1": 500.0})

    assert [one.name for one in found] == ["call", "training", "rebuild"]
    assert found[0].money.value == pytest.approx(0.1 * 0.75 * 0.5 * 12_000 - 10)
    assert [one.n_customers for one in found] == [1, 1, 2]
    assert found[1].money.value == pytest.approx(0.5 * 1200 - 500)
    assert found[2].money.value == pytest.approx((0.5 * 1200 + 0.1 * 0.25 * 12_000) * 0.5 - 10_000)


def test_a_measure_whose_offer_is_not_there_is_one_line():
    with pytest.raises(DataError, match="names the offer 'o2'; there are: o1"):
        ranked_interventions(
            STAKE, STAKE.mrr, (Intervention(name="x", cause="price", save_rate=1, offer="o2"),), CAUSES, {"o1": 1.0}
        )


def test_a_measure_states_its_cost_once():
    with pytest.raises(ValueError, match="exactly one of cost and offer"):
        Intervention(name="x", cause="price", save_rate=0.1)


@given(st.integers(0, 10**12), st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_a_whole_is_dealt_out_to_the_last_unit(whole, parts):
    dealt = apportioned(whole, parts)

    assert sum(dealt) == (whole if sum(parts) > 0 else 0)
    assert min(dealt) >= 0
