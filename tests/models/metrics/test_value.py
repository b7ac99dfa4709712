"""Metrics of predicted value on tables computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.metrics.value import PredictedTotals, decile_of

ONE_SAMPLE = np.ones((1, 4))
ACTUAL = np.array([0.0, 0.0, 10.0, 30.0])


def figures(predicted: list[float]) -> dict[str, float]:
    statistics = PredictedTotals(np.array(predicted), ACTUAL).statistics()
    return {name: float(statistic(ONE_SAMPLE)[0]) for name, statistic in statistics.items()}


def test_a_perfect_prediction():
    perfect = figures([0, 0, 10, 30])

    assert perfect == pytest.approx(
        {"mae": 0, "relative_mae": 0, "correlation": 1, "gini": 1, "total_bias": 0, "decile_error": 0}
    )


def test_twice_too_much_ranks_as_well_but_has_a_bias():
    doubled = figures([0, 0, 20, 60])

    assert (doubled["gini"], doubled["correlation"]) == pytest.approx((1, 1))
    assert (doubled["mae"], doubled["relative_mae"], doubled["total_bias"]) == pytest.approx((10, 1, 1))


def test_the_worst_ranking_has_the_negative_gini_of_the_best():
    assert figures([30, 10, 1, 0])["gini"] == pytest.approx(-1)


def test_a_mistake_within_the_total_shows_in_the_deciles():
    swapped = figures([30, 10, 0, 0])

    assert swapped["total_bias"] == pytest.approx(0)
    assert swapped["decile_error"] == pytest.approx(2)


def test_a_customer_drawn_twice_counts_twice():
    weights = np.array([[0.0, 1.0, 1.0, 2.0]])
    totals = PredictedTotals(np.array([5.0, 1.0, 10.0, 20.0]), ACTUAL)
    repeated = PredictedTotals(np.array([1.0, 10.0, 20.0, 20.0]), np.array([0.0, 10.0, 30.0, 30.0]))

    for name in ("mae", "relative_mae", "correlation", "gini", "total_bias"):
        assert totals.statistics()[name](weights) == pytest.approx(repeated.statistics()[name](ONE_SAMPLE)), name


def test_every_decile_has_a_tenth_of_the_customers():
    assert np.bincount(decile_of(np.random.default_rng(0).random(1000))).tolist() == [100] * 10
