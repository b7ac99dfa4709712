"""Holm's procedure on p-values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.intervals import Estimate
from core.joint_tests import ALPHA, adjust_p_values, p_value_above_zero


def test_the_smallest_p_value_counts_as_often_as_there_are_estimates():
    # Sorted .01, .02, .03, .04 times 4, 3, 2, 1: .04, .06, .06, .04, and none is below the one before.
    adjusted = adjust_p_values([0.04, 0.01, 0.03, 0.02])

    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.06, 0.06])


def test_a_p_value_is_at_most_one():
    np.testing.assert_allclose(adjust_p_values([0.6, 0.001, 0.7]), [1.0, 0.003, 1.0])


def test_one_estimate_keeps_its_p_value():
    assert adjust_p_values([0.03]).tolist() == [0.03]
    assert adjust_p_values([]).tolist() == []


@pytest.mark.parametrize("bounds", [(1.0, 0.2, 4.0), (1.0, 0.01, 1.1)])
def test_an_interval_above_zero_has_a_p_value_below_five_percent(bounds: tuple[float, float, float]):
    assert p_value_above_zero(Estimate(*bounds)) < ALPHA


def test_an_interval_that_begins_at_zero_has_a_p_value_of_five_percent():
    assert p_value_above_zero(Estimate(1.0, 0.0, 2.5)) == pytest.approx(0.05)


def test_an_estimate_of_two_standard_errors_has_the_p_value_of_the_normal_table():
    assert p_value_above_zero(Estimate(2.0, 2.0 - 1.6448536, 9.0)) == pytest.approx(0.02275, abs=1e-5)


def test_estimates_at_or_below_zero_or_without_an_interval_show_nothing():
    assert p_value_above_zero(Estimate(0.0, -1.0, 1.0)) == pytest.approx(0.5)
    assert p_value_above_zero(Estimate(-1.0, -2.0, 1.0)) > 0.5
    assert p_value_above_zero(Estimate(0.0, 0.0, 0.0)) == 1.0
    assert p_value_above_zero(Estimate(1.0)) == 1.0
