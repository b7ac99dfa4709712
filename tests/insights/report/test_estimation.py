"""Figures from sums have the value of the plain sum, and narrower intervals where customers are alike."""

from __future__ import annotations

import numpy as np
import pytest

from insights.report import estimation
from insights.report.estimation import FigureSpec, estimate_figures, plain

IDS = np.array([f"c{number:03d}" for number in range(200)])
ORDERS = np.random.default_rng(3).poisson(2.0, 200) + 1.0
REVENUE = ORDERS * 25.0


def test_a_quotient_has_no_spread_where_all_customers_are_alike():
    alike, spread = estimate_figures(
        [FigureSpec("average_order_value", (REVENUE, ORDERS)), FigureSpec("revenue", (REVENUE,), formula=plain)], IDS
    )

    assert (alike.value, alike.estimate.low, alike.estimate.high) == (25.0, 25.0, 25.0)
    assert spread.value == REVENUE.sum()
    assert spread.estimate.low < spread.value < spread.estimate.high


def test_estimates_do_not_depend_on_the_batch_size(monkeypatch: pytest.MonkeyPatch):
    specs = [FigureSpec("average_order_value", (REVENUE * (n + 1), ORDERS)) for n in range(7)]
    at_once = estimate_figures(specs, IDS)

    monkeypatch.setattr(estimation, "MAX_CELLS", 3 * len(IDS))

    assert estimate_figures(specs, IDS) == at_once


def test_the_rows_of_a_customer_are_resampled_together():
    ids = np.repeat(IDS[:20], 10)
    answered = np.repeat(np.arange(20) % 2, 10).astype(float)

    rate = estimate_figures([FigureSpec("nps_response_rate", (answered, np.ones(200)))], ids)[0].estimate

    assert rate.high - rate.low > 0.25  # 200 independent rows would give 0.12


def test_what_none_or_all_of_the_customers_did_has_the_exact_interval():
    sent, converted = np.ones(60), np.zeros(60)

    specs = [FigureSpec("click_rate", (part, sent), is_share=True) for part in (converted, sent)]
    none, all_of_them = (one.estimate for one in estimate_figures(specs, IDS[:60]))

    assert (none.value, none.low, none.high) == (0, 0, pytest.approx(0.0487, abs=1e-4))
    assert (all_of_them.value, all_of_them.low, all_of_them.high) == (1, pytest.approx(0.9513, abs=1e-4), 1)


def test_a_zero_denominator_gives_nan_and_no_rows_give_no_figures():
    assert np.isnan(estimate_figures([FigureSpec("repeat_rate", (ORDERS, 0 * ORDERS))], IDS)[0].value)
    assert estimate_figures([FigureSpec("repeat_rate", (ORDERS, ORDERS))], np.empty(0, "U1")) == []
