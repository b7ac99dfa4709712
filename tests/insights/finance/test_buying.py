"""Order figures and RFM segments against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.finance.buying import Buyers, DailyOrders, estimate_buying_figures, quintiles, score_rfm


def orders(*lines: str) -> DailyOrders:
    """Orders from lines such as "ada 2026-01-03 120", and returns from negative amounts."""
    customers, days, texts = zip(*(line.split() for line in lines), strict=True)
    amounts = np.array(texts, float)
    return DailyOrders.of(
        np.array(customers), np.array(days, "datetime64[D]"), amounts=amounts, n_orders=(amounts >= 0).astype(np.int64)
    )


THREE = orders("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", "cyd 2026-02-01 150")


def test_buying_figures_equal_values_computed_by_hand():
    values = {name: estimate.value for name, estimate in estimate_buying_figures(THREE).items()}

    assert values["repeat_rate"] == pytest.approx(1 / 3)
    assert (values["average_order_value"], values["revenue_a_customer"]) == (150, 200)
    assert values["orders_a_customer"] == pytest.approx(4 / 3)
    assert values["top_20_share"] == pytest.approx(0.6 * 400 / 600)  # 20 % of three customers is 60 % of Ada


def test_a_return_lowers_revenue_and_order_value_but_is_no_order():
    returned = orders(
        "ada 2026-01-03 100", "ada 2026-02-03 -60", "bo 2026-01-20 50", "bo 2026-03-01 50", "cyd 2026-02-01 -30"
    )

    values = {name: estimate.value for name, estimate in estimate_buying_figures(returned).items()}
    buyers = Buyers.of(returned)

    assert (values["repeat_rate"], values["orders_a_customer"]) == (1 / 2, 3 / 2)
    assert values["average_order_value"] == pytest.approx(110 / 3)
    assert values["revenue_a_customer"] == 55
    assert (buyers.customer_ids.tolist(), buyers.amounts.tolist()) == (["ada", "bo"], [40, 100])
    assert buyers.last_days.astype(str).tolist() == ["2026-01-03", "2026-03-01"]


def test_equal_customers_give_the_top_20_percent_20_percent_of_the_revenue():
    lines = [f"c{number} 2026-01-01 10" for number in range(50)]

    assert estimate_buying_figures(orders(*lines))["top_20_share"].value == pytest.approx(0.2)


def test_without_orders_every_figure_is_nan():
    none = THREE.between(np.datetime64("2030-01-01"), np.datetime64("2031-01-01"))

    assert all(np.isnan(estimate.value) for estimate in estimate_buying_figures(none).values())


def test_frequent_recent_buyers_are_champions_and_rare_early_buyers_are_lost():
    lines = [f"c{number} 2026-{1 + number:02d}-{day:02d} 10" for number in range(10) for day in range(1, 2 + number)]
    buyers = Buyers.of(orders(*lines))

    segments = score_rfm(buyers, np.datetime64("2026-12-01")).segments()

    assert segments[buyers.customer_ids == "c9"] == "champions"
    assert segments[buyers.customer_ids == "c0"] == "lost"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_equal_values_share_a_quintile_and_higher_values_never_get_a_lower_one(values):
    of_values = quintiles(np.array(values, float))

    order = np.argsort(values, kind="stable")
    assert (np.diff(of_values[order]) >= 0).all()
    assert len(set(zip(values, of_values.tolist(), strict=True))) == len(set(values))
    assert set(of_values.tolist()) <= {1, 2, 3, 4, 5}


@given(st.lists(st.integers(0, 5), min_size=2, max_size=60).filter(lambda values: len(set(values)) > 1))
def test_the_lowest_value_is_in_the_lowest_quintile_and_the_highest_in_the_highest(values: list[int]):
    of_values = quintiles(np.array(values, float))

    assert {int(q) for v, q in zip(values, of_values, strict=True) if v == min(values)} == {1}
    assert {int(q) for v, q in zip(values, of_values, strict=True) if v == max(values)} == {5}


def test_values_that_are_all_equal_are_neither_low_nor_high():
    assert quintiles(np.full(7, 120.0)).tolist() == [3] * 7


@given(n_orders=st.lists(st.integers(1, 4), min_size=1, max_size=40))
def test_one_order_is_the_lowest_frequency_whatever_its_share(n_orders: list[int]):
    lines = [f"c{place} 2026-01-{day + 1:02d} 10" for place, n in enumerate(n_orders) for day in range(n)]
    buyers = Buyers.of(orders(*lines))

    scores = score_rfm(buyers, np.datetime64("2026-12-01"))

    assert set(scores.frequency[buyers.n_orders == 1].tolist()) <= {1}
    assert not set(scores.segments()[buyers.n_orders == 1].tolist()) & {"champions", "loyal", "at risk"}


def test_customers_who_all_bought_on_the_last_day_are_not_less_recent_than_one_who_bought_before():
    lines = [f"c{number} 2026-06-30 10" for number in range(8)]
    buyers = Buyers.of(orders("old 2026-01-01 10", *lines))

    recency = score_rfm(buyers, np.datetime64("2026-07-01")).recency

    assert (recency[buyers.customer_ids == "old"].tolist(), set(recency.tolist())) == ([1], {1, 5})
