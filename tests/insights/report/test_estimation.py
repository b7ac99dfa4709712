"""Figures from sums have the value of a plain sum, and an interval that narrows where customers are alike."""

from __future__ import annotations

import numpy as np
import pytest

from insights.report import estimation as sought
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient

IDS = np.array([f"c{number:03d}" for number in range(200)])
ORDERS = np.random.default_rng(3).poisson(2.0, 200) + 1.0
REVENUE = ORDERS * 25.0


def test_a_quotient_of_sums_is_told_with_its_interval():
    alike, spread = estimate_figures(
        [FigureSpec("alike", "money", (REVENUE, ORDERS)), FigureSpec("spread", "money", (REVENUE,), plain)], IDS
    )

    assert (alike.value, alike.estimate.low, alike.estimate.high) == (25.0, 25.0, 25.0)
    assert spread.value == REVENUE.sum()
    assert spread.estimate.low < spread.value < spread.estimate.high


def test_little_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    parse_what_if = [FigureSpec(f"f{n}", "money", (REVENUE * (n + 1), ORDERS)) for n in range(7)]
    at_once = estimate_figures(parse_what_if, IDS)

    monkeypatch.setattr(sought, "CELLS_AT_ONCE", 3 * len(IDS))

    assert estimate_figures(parse_what_if, IDS) == at_once


def test_rows_of_one_customer_stay_together():
    ids = np.repeat(IDS[:20], 10)
    answered = np.repeat(np.arange(20) % 2, 10).astype(float)

    rate = estimate_figures([FigureSpec("rate", "share", (answered, np.ones(200)), quotient)], ids)[0].estimate

    assert rate.high - rate.low > 0.25  # of 200 independent rows it would be 0.12


def test_nothing_below_the_line_is_no_figure_and_nobody_is_none():
    assert np.isnan(estimate_figures([FigureSpec("none", "share", (ORDERS, 0 * ORDERS))], IDS)[0].value)
    assert estimate_figures([FigureSpec("none", "share", (ORDERS, ORDERS))], np.empty(0, "U1")) == []
