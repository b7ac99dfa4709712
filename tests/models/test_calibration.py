"""Platt scaling corrects a linear error in log-odds and keeps the ranking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from models.calibration import Platt, log_odds_of


def world(n: int = 20_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """True log-odds and outcomes."""
    random = np.random.default_rng(seed)
    truth = random.normal(-1, 1.5, n)
    return truth, (random.random(n) < expit(truth)).astype(float)


def test_calibrated_log_odds_stay_the_same():
    truth, churned = world()

    line = Platt.fit(truth, churned)

    assert (line.slope, line.intercept) == pytest.approx((1, 0), abs=0.05)


def test_overconfidence_is_corrected():
    truth, churned = world()

    line = Platt.fit(3 * truth + 1, churned)

    np.testing.assert_allclose(line.apply(3 * truth + 1), truth, atol=0.2)


def test_a_ranking_is_never_reversed():
    truth, churned = world()

    assert Platt.fit(-truth, churned).slope == 0


def test_the_default_changes_nothing():
    np.testing.assert_array_equal(Platt().apply(np.array([-2.0, 0.5])), [-2.0, 0.5])


@given(st.floats(0, 1))
def test_log_odds_are_finite_and_invert_the_probability(probability):
    assert expit(log_odds_of(np.array(probability))) == pytest.approx(probability, abs=2e-6)
