"""Who buys how, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.finance.buying import Buyers, PurchaseDays, buying_figures, quintile, rfm


def orders(*lines: str) -> PurchaseDays:
    """Orders from lines such as "ada 2026-01-03 120"."""
    who, days, amounts = zip(*(line.split() for line in lines), strict=True)
    return PurchaseDays(np.array(who), np.array(days, "datetime64[D]"), np.array(amounts, float))


THREE = orders("ada 2026-01-03 100", "ada 2026-02-03 300", "bo 2026-01-20 50", "cyd 2026-02-01 150")


def test_the_figures_of_buying_are_what_a_hand_works_out():
    found = {name: estimate.value for name, estimate in buying_figures(THREE).items()}

    assert found["repeat_rate"] == pytest.approx(1 / 3)
    assert (found["average_order_value"], found["revenue_a_customer"]) == (150, 200)
    assert found["orders_a_customer"] == pytest.approx(4 / 3)
    assert found["top_20_share"] == pytest.approx(0.6 * 400 / 600)  # 60 % of Ada is a fifth of three customers


def test_where_all_bring_the_same_a_fifth_brings_a_fifth():
    lines = [f"c{number} 2026-01-01 10" for number in range(50)]

    assert buying_figures(orders(*lines))["top_20_share"].value == pytest.approx(0.2)


def test_without_orders_there_is_no_figure():
    nobody = THREE.between(np.datetime64("2030-01-01"), np.datetime64("2031-01-01"))

    assert all(np.isnan(estimate.value) for estimate in buying_figures(nobody).values())


def test_who_buys_often_and_lately_is_a_champion_and_who_did_long_ago_is_lost():
    lines = [f"c{number} 2026-{1 + number:02d}-{day:02d} 10" for number in range(10) for day in range(1, 2 + number)]
    buyers = Buyers.of(orders(*lines))

    segments = rfm(buyers, np.datetime64("2026-12-01")).segments()

    assert segments[buyers.customer_ids == "c9"] == "champions"
    assert segments[buyers.customer_ids == "c0"] == "lost"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_equal_values_share_a_quintile_and_higher_ones_never_have_a_lower(values):
    found = quintile(np.array(values, float))

    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert len({(value, one) for value, one in zip(values, found.tolist(), strict=True)}) == len(set(values))
    assert set(found.tolist()) <= {1, 2, 3, 4, 5}
